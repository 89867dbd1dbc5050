// Looks for clashes as soon as new times are typed in, by the very button that asks for it without this file.
"use strict";
{
  const button = document.getElementById("check-times");
  const form = button.form;
  const found = document.getElementById("clashes");
  let asked = 0;
  let last = "";

  const check = async () => {
    const body = new FormData(form);
    body.append(button.name, button.value);
    const times = ["start_time_0", "start_time_1", "end_time_0", "end_time_1"].map((name) => body.get(name)).join();
    if (times === last) return;
    last = times;
    const number = (asked += 1);
    const answer = await fetch(form.action, { method: "POST", body });
    if (!answer.ok || answer.redirected || number !== asked) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    found.replaceChildren(...(page.getElementById("clashes")?.childNodes ?? []));
  };

  form.addEventListener("change", check);
  form.addEventListener("focusout", check); // Django's calendar and clock set values without a change
}
