// Sizes, times and names in words.

const UNITS = ['bytes', 'KB', 'MB', 'GB', 'TB'];

export function size(bytes) {
	if (!Number.isFinite(bytes)) return '';
	let unit = 0;
	let value = bytes;
	for (; value >= 1000 && unit < UNITS.length - 1; unit += 1) value /= 1000;
	if (unit === 0) return bytes === 1 ? '1 byte' : `${bytes} bytes`;
	return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${UNITS[unit]}`;
}

export function duration(seconds) {
	if (!Number.isFinite(seconds)) return '';
	if (seconds < 0.1) return `${Math.max(1, Math.round(seconds * 1000))} ms`;
	const whole = Math.round(seconds);
	if (whole < 60) return `${seconds < 10 ? seconds.toFixed(1) : whole} s`;
	const minutes = Math.floor(whole / 60);
	const and = (value, unit) => (value ? ` ${value} ${unit}` : '');
	if (minutes < 60) return `${minutes} min${and(whole % 60, 's')}`;
	return `${Math.floor(minutes / 60)} h${and(minutes % 60, 'min')}`;
}

export const number = (value) => (Number.isFinite(value) ? value.toLocaleString('en') : '0');

export const many = (count, one, more = `${one}s`) => `${number(count)} ${count === 1 ? one : more}`;

export function ago(time) {
	const date = new Date(time);
	if (Number.isNaN(date.getTime())) return '';
	const seconds = (Date.now() - date) / 1000;
	if (seconds < 60) return 'just now';
	if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
	if (seconds < 86400) return `${Math.floor(seconds / 3600)} h ago`;
	return date.toLocaleDateString('en', { day: 'numeric', month: 'short', year: 'numeric' });
}

export const clock = (time) => new Date(time).toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit' });

// Characters that make a text look like another one, as the terminal has them (VisibleText.swift): controls but tab and
// line feed, directions, spaces but the ordinary one, what has no shape, and the letter of Braille without dots.
const TRICKS = /(?![\t\n ])[\p{C}\p{Z}\p{Default_Ignorable_Code_Point}\u2800]/gu;

/** A text as it is, with a mark in place of what cannot be seen. */
export function visible(text) {
	return String(text).replace(TRICKS, (sign) => `⟨U+${sign.codePointAt(0).toString(16).toUpperCase().padStart(4, '0')}⟩`);
}

export const oneLine = (text, length = 200) => visible(String(text).slice(0, length * 2).trim().replace(/\s+/g, ' ')).slice(0, length);

export const baseName = (path) => String(path).split('/').pop();

const TYPES = {
	__proto__: null,
	png: 'image/png', jpg: 'image/jpeg', jpeg: 'image/jpeg', gif: 'image/gif', webp: 'image/webp', svg: 'image/svg+xml',
	csv: 'text/csv', tsv: 'text/tab-separated-values', md: 'text/markdown', markdown: 'text/markdown', html: 'text/html',
	htm: 'text/html', json: 'application/json', ipynb: 'application/json', geojson: 'application/json', pdf: 'application/pdf',
	py: 'text/x-python', sh: 'text/x-shell', bash: 'text/x-shell', sql: 'text/x-sql', diff: 'text/x-diff', patch: 'text/x-diff',
};
const TEXTS = /^(txt|log|ya?ml|toml|ini|cfg|conf|xml|js|mjs|ts|tsx|jsx|css|c|h|cc|cpp|hpp|rs|go|java|kt|swift|rb|pl|r|jl|lua|tex|rst|env|makefile|dockerfile|lock|jsonl|ndjson)$/;

/** The media type of a name: what a server says of it is not believed where something is shown. */
export function typeOf(name) {
	const ending = /\.([^./]+)$/.exec(String(name).toLowerCase())?.[1] ?? '';
	return TYPES[ending] ?? (TEXTS.test(ending) || /^(makefile|dockerfile|license|readme)$/i.test(baseName(name)) ? 'text/plain' : 'application/octet-stream');
}

export const isImage = (name) => typeOf(name).startsWith('image/');

export function iconOf(name) {
	const type = typeOf(name);
	if (type.startsWith('image/')) return 'image';
	return /csv|tab-sep/.test(type) ? 'table' : 'read';
}

export function kindOf(name) {
	const ending = /\.([^./]{1,8})$/.exec(baseName(name))?.[1];
	return ending ? visible(ending).toUpperCase() : 'File';
}

export const LANGUAGES = { 'text/x-python': 'python', 'text/x-shell': 'bash', 'application/json': 'json', 'text/x-sql': 'sql', 'text/x-diff': 'diff' };
