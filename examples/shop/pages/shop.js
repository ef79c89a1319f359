// Lists the products, and orders one when its button is pressed. Talks to the front's own /api/ only.
const list = document.querySelector("#products");
const line = document.querySelector("#order");

async function ask(path, options) {
  const answer = await fetch(`api/${path}`, options);
  if (!answer.ok) throw new Error(await answer.text());
  return answer.json();
}

function element(tag, text) {
  const made = document.createElement(tag);
  made.textContent = text;
  return made;
}

async function show() {
  const rows = (await ask("products")).map((product) => {
    const row = document.createElement("li");
    const button = element("button", "Order one");
    button.onclick = () => order(product.id);
    row.append(element("span", product.name), element("span", `${(product.price_cents / 100).toFixed(2)} €`), button);
    return row;
  });
  list.replaceChildren(...rows);
}

async function order(product) {
  let state = await ask("orders", { method: "POST", body: JSON.stringify({ product, quantity: 1 }) });
  while (state.state === "waiting") {
    line.textContent = `Order ${state.id} waits for the worker …`;
    await new Promise((resume) => setTimeout(resume, 200));
    state = await ask(`orders/${state.id}`);
  }
  line.textContent = `Order ${state.id}: ${state.state}.`;
}

show().catch((fault) => { list.replaceChildren(element("li", fault.message)); });
