// Stands before each of the other modules, which the browser gets in one piece.

function made(tag, name, parent, text = "") {
  const element = document.createElement(tag);
  element.className = name;
  element.textContent = text;
  parent.append(element);
  return element;
}
