import "./style";

/** A GET of the link alone consumes nothing, so that mail scanners may open it; a person's browser sends the form. */
const form = document.getElementById("sign-in-form");
if (form instanceof HTMLFormElement) {
  const status = document.getElementById("signing-in");
  if (status !== null) status.textContent = "Signing you in…";
  form.requestSubmit();
}
