import "./style";
import "./form_field.css";
import "./signin.css";

/** A GET of the link alone consumes nothing, so that mail scanners may open it; a person's browser sends the form. */
const link = document.getElementById("sign-in-form");
if (link instanceof HTMLFormElement) {
  const status = document.getElementById("signing-in");
  if (status !== null) status.textContent = "Signing you in…";
  link.requestSubmit();
}

/** One answer is enough: a password takes the server a moment. */
const form = document.getElementById("password-form");
if (form instanceof HTMLFormElement) {
  const button = form.querySelector("button");
  const status = document.getElementById("signing-in");
  const say = (isWaiting: boolean): void => {
    if (button !== null) {
      button.disabled = isWaiting;
      button.textContent = isWaiting ? "Signing in…" : "Sign in";
    }
    if (status !== null) status.textContent = isWaiting ? "Signing in…" : "";
  };
  form.addEventListener("submit", () => {
    say(true);
  });
  // The browser shows the page as it was left, where somebody goes back to it.
  window.addEventListener("pageshow", () => {
    say(false);
  });
}
