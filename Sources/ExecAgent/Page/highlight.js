// Colours for Python, shell, JSON, SQL and diffs: a list of patterns for each, tried in turn at each place.

import { h } from './dom.js';

const LARGEST = 100_000;

const words = (text, flags = '') => new RegExp(`(?:${text.replaceAll(' ', '|')})\\b`, `y${flags}`);
const NUMBER = /(?:0[xX][\da-fA-F_]+|0[bB][01_]+|\d[\d_]*(?:\.\d[\d_]*)?(?:[eE][+-]?\d+)?)\b/y;
const NAME = /[\p{L}_][\p{L}\p{N}_]*/uy;

const PYTHON = [
	['com', /#[^\n]*/y],
	['str', /[rRbBuUfF]{0,2}(?:"""(?:[^\\"]|\\[^]|"(?!""))*(?:"""|$)|'''(?:[^\\']|\\[^]|'(?!''))*(?:'''|$))/y],
	['str', /[rRbBuUfF]{0,2}(?:"(?:[^\\"\n]|\\[^])*"|'(?:[^\\'\n]|\\[^])*')/y],
	['key', words('and as assert async await break case class continue def del elif else except finally for from global if import in is lambda match nonlocal not or pass raise return try while with yield')],
	['lit', words('True False None self cls')],
	['fun', /[A-Za-z_]\w*(?=\()/y], ['fun', /@[A-Za-z_][\w.]*/y], ['num', NUMBER], ['', NAME],
];
const SHELL = [
	['com', /(?<=^|[\s;])#[^\n]*/y],
	['str', /"(?:[^\\"]|\\[^])*"|\$?'[^']*'/y],
	['lit', /\$(?:\{[^}\n]*\}|[A-Za-z_]\w*|[\d@*#?$!-])/y],
	['key', words('if then elif else fi for in do done while until case esac function return exit export local set trap source')],
	['fun', words('awk cat cd chmod cp curl cut echo find git grep head jq ls make mkdir mv pip python3 python rm sed sort tail tar tee touch tr uniq wc xargs')],
	['num', /(?<=\s|=|^)--?[A-Za-z][\w-]*/y], ['', /[\w./-]+/y],
];
const JSON_TEXT = [
	['key', /"(?:[^\\"\n]|\\.)*"(?=\s*:)/y], ['str', /"(?:[^\\"\n]|\\.)*"/y], ['lit', words('true false null')],
	['num', /-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/y], ['', /\w+/y],
];
const SQL = [
	['com', /--[^\n]*|\/\*[^]*?(?:\*\/|$)/y], ['str', /'(?:[^']|'')*'/y], ['', /"(?:[^"]|"")*"/y],
	['key', words('select from where group by having order limit offset insert into values update set delete create table view index drop alter add join left right inner outer full cross on using as and or not in is between like exists union all distinct case when then else end with recursive over partition primary key foreign references default check unique begin commit rollback explain', 'i')],
	['lit', words('null true false', 'i')], ['fun', /[A-Za-z_]\w*(?=\()/y], ['num', NUMBER], ['', NAME],
];

const GRAMMARS = {
	python: PYTHON, py: PYTHON, python3: PYTHON, bash: SHELL, sh: SHELL, shell: SHELL, zsh: SHELL, console: SHELL,
	json: JSON_TEXT, jsonl: JSON_TEXT, sql: SQL, sqlite: SQL, postgresql: SQL,
};

/** The nodes of a text in a language; the text alone if the language isn't known, or the text is too long. */
export function highlight(text, language) {
	const out = document.createDocumentFragment();
	if (text.length > LARGEST) out.append(text);
	else if (language === 'diff' || language === 'patch') diff(text, out);
	else if (Object.hasOwn(GRAMMARS, language ?? '')) tokens(text, GRAMMARS[language], out);
	else out.append(text);
	return out;
}

function tokens(text, grammar, out) {
	let plain = '';
	let at = 0;
	const skip = /[\s()[\]{},;:=+*%&|<>^~!?\\]+/y;
	while (at < text.length) {
		skip.lastIndex = at;
		const gap = skip.exec(text)?.[0] ?? '';
		plain += gap;
		at += gap.length;
		let taken = '';
		for (const [kind, pattern] of grammar) {
			pattern.lastIndex = at;
			taken = pattern.exec(text)?.[0] ?? '';
			if (!taken) continue;
			if (kind) {
				out.append(plain, h('span', { class: `t-${kind}` }, taken));
				plain = '';
			} else plain += taken;
			break;
		}
		if (!taken && at < text.length) {
			taken = text[at];
			plain += taken;
		}
		at += taken.length;
	}
	out.append(plain);
}

const KINDS = { '+': 't-add', '-': 't-del', '@': 't-fun' };

function diff(text, out) {
	text.split('\n').forEach((line, at) => {
		if (at) out.append('\n');
		const kind = /^(---|\+\+\+|diff |index )/.test(line) ? 't-com' : KINDS[line[0]];
		out.append(kind ? h('span', { class: kind }, line) : line);
	});
}
