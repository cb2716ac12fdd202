import "./style";
import "./form_field.css";
import "./signin.css";

/** Accepting takes a moment, as passwords do: the page says so, and it is done once. */
const form = document.getElementById("invitation-form");
const status = document.getElementById("accepting");
form?.addEventListener("submit", (event) => {
  if (form.ariaBusy === "true") event.preventDefault();
  form.ariaBusy = "true";
  if (status !== null) status.textContent = "One moment…";
});
// Back by the browser's button, as the page was left.
window.addEventListener("pageshow", () => {
  if (form !== null) form.ariaBusy = "false";
});
