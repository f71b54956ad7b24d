// What the console can do beyond its links and forms: on a phone the room that one is in comes into sight, the key / goes to
// the search, and values are copied at a press.

document.querySelector('.rooms [aria-current]')?.scrollIntoView({ block: 'nearest', inline: 'center' });

document.addEventListener('keydown', (event) => {
  const target = /** @type {HTMLElement} */ (event.target);
  const types = target.matches('input, textarea, select') || target.isContentEditable;
  if (event.key !== '/' || event.ctrlKey || event.metaKey || event.altKey || types) return;
  event.preventDefault();
  document.getElementById('find')?.focus();
});

/** @type {NodeListOf<HTMLButtonElement>} */
const buttons = document.querySelectorAll('button[data-copies]');
for (const button of buttons) {
  button.hidden = false;
  button.addEventListener('click', async () => {
    const text = document.getElementById(button.dataset.copies ?? '')?.textContent ?? '';
    try {
      await navigator.clipboard.writeText(text);
      button.textContent = button.dataset.done ?? '';
    } catch {
      button.textContent = button.dataset.failed ?? '';
    }
  });
}
