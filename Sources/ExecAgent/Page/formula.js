// Formulas: as they were written, until the part of the page that sets them is there.

import { h } from './dom.js';

let set;
let loading;

/** A formula as a node, which is replaced once it can be set. */
export function formula(source, display) {
	if (set) return set(source, display);
	const written = h('code.tex', source.trim());
	loading ??= import('./math.js').then((math) => (set = math.formula));
	loading.then(() => written.replaceWith(set(source, display)), () => {});
	return written;
}
