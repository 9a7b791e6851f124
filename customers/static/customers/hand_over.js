// The page's only form goes on by itself; without script its button does.
document.querySelector("[data-hand-over]")?.requestSubmit();
