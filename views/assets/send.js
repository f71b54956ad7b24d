// The page is a form on its way to somebody else; sending it saves a click.
document.querySelector('form')?.submit();
