"use strict";

const acts = {
  confirm: {
    question: "Do you want to be told of new comments by mail?",
    button: "Yes, tell me",
    done: "Thank you. You will get a mail when there are new comments. Each has a link to end it.",
    send: (token) =>
      fetch("v1/comment-subscriptions/confirm", {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ token }),
      }),
  },
  unsubscribe: {
    question: "Do you want to get no more of these mails?",
    button: "Yes, no more mails",
    done: "You will get no more of these mails, and your address is forgotten.",
    send: (token) =>
      fetch(`v1/comment-subscriptions/unsubscribe/${encodeURIComponent(token)}`, {
        method: "POST",
        headers: { "Content-Type": "application/x-www-form-urlencoded" },
        body: "List-Unsubscribe=One-Click",
      }),
  },
};

function show() {
  const message = document.getElementById("message");
  const button = document.getElementById("action");
  const [name, token] = location.hash.slice(1).split("=");
  const act = Object.hasOwn(acts, name) ? acts[name] : undefined;
  if (!act || !token) {
    return;
  }
  message.textContent = act.question;
  button.textContent = act.button;
  button.hidden = false;
  button.onclick = async () => {
    button.disabled = true;
    try {
      const answer = await act.send(token);
      if (answer.ok) {
        message.textContent = act.done;
        button.hidden = true;
        return;
      }
      const problem = await answer.json();
      message.textContent = problem.detail;
    } catch {
      message.textContent = "The server cannot be reached. Please try again.";
    }
    button.disabled = false;
  };
}

window.addEventListener("hashchange", show);
show();
