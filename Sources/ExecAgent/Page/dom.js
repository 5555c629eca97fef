// Builds nodes. A text becomes a text node, never markup.

export const $ = (id) => document.getElementById(id);

/** An element, `tag.class`, with attributes and listeners (functions) if wanted, and children: nodes or texts. */
export function h(name, ...children) {
	const [tag, ...classes] = name.split('.');
	const node = document.createElement(tag);
	if (classes.length) node.className = classes.join(' ');
	const props = children[0]?.constructor === Object ? children.shift() : {};
	for (const [key, value] of Object.entries(props)) {
		if (value === undefined || value === null || value === false) continue;
		if (typeof value === 'function') node.addEventListener(key, value);
		else if (key === 'class') node.classList.add(...value.split(' ').filter(Boolean));
		else if (key === 'value') node.value = value;
		else node.setAttribute(key, value === true ? '' : value);
	}
	return add(node, children);
}

export function add(node, children) {
	for (const child of children.flat(Infinity)) if (child !== undefined && child !== null && child !== false) node.append(child);
	return node;
}

export function fill(node, ...children) {
	node.replaceChildren();
	return add(node, children);
}

/** A drawing of the sprite in the page. */
export function icon(name) {
	const space = $('icons').namespaceURI;
	const drawing = document.createElementNS(space, 'svg');
	drawing.setAttribute('class', 'icon');
	drawing.setAttribute('aria-hidden', 'true');
	const use = document.createElementNS(space, 'use');
	use.setAttribute('href', `#i-${name}`);
	drawing.append(use);
	return drawing;
}

export function iconButton(name, label, click, props) {
	return button(icon(name), click, 'icon-button', { 'aria-label': label, title: label, ...props });
}

/** A button with a text; `kind` is its class if it is not an ordinary one. */
export function button(text, click, kind = 'button', props = {}) {
	return h(`button.${kind}`, { type: 'button', click, ...props }, text);
}

/** Lets the page breathe: long work awaits this between two pieces. */
export function pause() {
	return new Promise((resolve) => {
		const channel = new MessageChannel();
		channel.port1.addEventListener('message', () => {
			channel.port1.close();
			resolve();
		});
		channel.port1.start();
		channel.port2.postMessage(0);
	});
}

/** Pauses as soon as a slice of time is used up. */
export function slices(milliseconds = 8) {
	let start = performance.now();
	return async () => {
		if (performance.now() - start < milliseconds) return;
		await pause();
		start = performance.now();
	};
}

let dialogs = 0;

/** A modal dialog with a heading; it is gone once it is closed. */
export function dialog(title, content, { actions, wide, close } = {}) {
	const id = `dialog-${(dialogs += 1)}`;
	const heading = h('h2', { id }, title);
	const back = document.activeElement;
	const node = h('dialog', {
		'aria-labelledby': id, class: wide && 'broad',
		close: () => {
			node.remove();
			close?.();
			if (back?.isConnected) back.focus();
		},
		click: (event) => event.target === node && node.close(),
	}, h('div.sheet',
		h('div.sheet-head', heading, actions, iconButton('close', 'Close', () => node.close())), content));
	document.body.append(node);
	node.showModal();
	return node;
}

/** Asks before something is lost; resolves to whether it was confirmed. */
export function confirm(title, text, action) {
	return new Promise((resolve) => {
		let sure = false;
		const node = dialog(title, [h('p', text), h('p.row.end',
			button('Cancel', () => node.close(), 'button', { autofocus: true }),
			button(action, () => {
				sure = true;
				node.close();
			}, 'button.danger'))], { close: () => resolve(sure) });
	});
}

/** Arrow keys, Home and End move within a list of which one element is in the tab order. */
export function roving(list, selector) {
	const items = () => [...list.querySelectorAll(selector)];
	const enter = (item) => items().forEach((one) => (one.tabIndex = one === item ? 0 : -1));
	list.addEventListener('focusin', (event) => {
		const item = event.target.closest?.(selector);
		if (item) enter(item);
	});
	list.addEventListener('keydown', (event) => {
		const all = items();
		const at = all.indexOf(event.target);
		const next = { ArrowDown: at + 1, ArrowRight: at + 1, ArrowUp: at - 1, ArrowLeft: at - 1, Home: 0, End: all.length - 1 };
		if (at < 0 || !(event.key in next)) return;
		event.preventDefault();
		all[(next[event.key] + all.length) % all.length].focus();
	});
	return () => {
		const all = items();
		if (!all.some((one) => one.tabIndex === 0)) enter(all[0]);
		else enter(all.find((one) => one.tabIndex === 0));
	};
}

/** A menu under a button. */
export function menu(anchor, entries) {
	const list = h('div', { role: 'menu', class: 'menu', popover: 'auto' }, entries.map(([text, action, kind]) =>
		h('button', {
			type: 'button', role: 'menuitem', class: kind,
			click: () => {
				list.hidePopover();
				action();
			},
		}, text)));
	roving(list, '[role=menuitem]')();
	list.addEventListener('toggle', (event) => {
		if (event.newState === 'open') return;
		list.remove();
		if (document.activeElement === document.body) anchor.focus();
	});
	anchor.after(list);
	list.showPopover();
	const place = anchor.getBoundingClientRect();
	const below = place.bottom + list.offsetHeight + 8 < innerHeight;
	list.style.setProperty('top', `${below ? place.bottom + 4 : Math.max(4, place.top - list.offsetHeight - 4)}px`);
	list.style.setProperty('left', `${Math.max(8, Math.min(place.left, innerWidth - list.offsetWidth - 8))}px`);
	list.querySelector('[role=menuitem]').focus();
}

/** Says something to screen readers, without moving anything. */
export function say(text) {
	const status = $('status');
	status.textContent = '';
	setTimeout(() => (status.textContent = text), 30);
}

/** Hands a file to the person. */
export function save(name, blob) {
	const address = URL.createObjectURL(blob);
	const link = h('a', { href: address, download: name });
	document.body.append(link);
	link.click();
	link.remove();
	setTimeout(() => URL.revokeObjectURL(address), 60000);
}

/** A box with a caption and a button that copies its text. */
export function codeBox(caption, label, text, pre) {
	const control = iconButton('copy', label, () => copy(text, control));
	return h('figure.code', h('figcaption', caption, control), pre);
}

export async function copy(text, control) {
	try {
		await navigator.clipboard.writeText(text);
	} catch {
		const area = h('textarea.hidden', { value: text, 'aria-hidden': 'true' });
		document.body.append(area);
		area.select();
		document.execCommand('copy');
		area.remove();
	}
	say('Copied');
	fill(control, icon('check'));
	setTimeout(() => control.isConnected && fill(control, icon('copy')), 1500);
}
