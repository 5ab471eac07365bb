// A click, or the key that stands for one, on a button of the element becomes its `select` event. The element's content
// is written anew after every act; the button at the same place then has the focus again, so that keys go on working.
element.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-act]");
  if (!button) return;
  element.dataset.at = button.dataset.at;
  trigger("select", { act: button.dataset.act, value: button.dataset.value });
});
new MutationObserver(() => {
  if (!element.dataset.at || document.activeElement !== document.body) return;
  const again = element.querySelector(`[data-at="${CSS.escape(element.dataset.at)}"]`);
  const next = again && again.disabled ? again.parentElement.querySelector("button:not(:disabled)") : again;
  if (next) next.focus({ preventScroll: true });
}).observe(element, { childList: true, subtree: true });
