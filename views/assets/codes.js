// What a page with recovery codes can do beyond showing them: copy them, and print them. The buttons are hidden without it.

/** @type {NodeListOf<HTMLButtonElement>} */
const buttons = document.querySelectorAll('button[data-does]');
for (const button of buttons) {
  button.hidden = false;
  button.addEventListener('click', async () => {
    if (button.dataset.does === 'print') return print();
    const codes = [...document.querySelectorAll('.codes code')].map((code) => code.textContent);
    try {
      await navigator.clipboard.writeText(codes.join('\n'));
      button.textContent = button.dataset.done ?? '';
    } catch {
      button.textContent = button.dataset.failed ?? '';
    }
  });
}
