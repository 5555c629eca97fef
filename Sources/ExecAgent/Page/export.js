// A conversation as a file: Markdown, JSON, a shell script, a notebook.

import { parsedArguments } from './cards.js';
import { save } from './dom.js';

const streamText = (stream) => (stream ? (stream.head ?? '') + (stream.omitted ? `\n… ${stream.omitted} bytes omitted …\n` : '') + (stream.tail ?? '') : '');

/** What happened in a turn, in its order: texts and calls with their results. */
function steps(turn) {
	const found = [];
	const calls = new Map();
	for (const event of turn.events ?? []) {
		if (event.type === 'text') {
			if (found.at(-1)?.text !== undefined) found.at(-1).text += event.text;
			else found.push({ text: event.text });
		} else if (event.type === 'tool_started') {
			const call = { call: event, args: parsedArguments(event) };
			calls.set(event.id, call);
			found.push(call);
		} else if (event.type === 'tool_ended' && calls.has(event.id)) calls.get(event.id).result = event;
	}
	return found;
}

function fenced(text, language = '') {
	const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map((run) => run[0].length));
	const mark = '`'.repeat(longest + 1);
	return `${mark}${language}\n${text.replace(/\n$/, '')}\n${mark}`;
}

const printed = (result) => [streamText(result?.stdout), streamText(result?.stderr), streamText(result?.text)].filter(Boolean).join('\n');

function asMarkdown(whole) {
	const parts = [`# ${whole.title}`];
	for (const turn of whole.turns) {
		parts.push(`## You\n\n${turn.text}`, ...(turn.attachments ?? []).map((one) => `Attached: \`${one.path}\``), '## Agent');
		for (const step of steps(turn)) {
			if (step.text !== undefined) parts.push(step.text.trim());
			else {
				const { name } = step.call;
				const main = step.args?.command ?? step.args?.content;
				parts.push(`**${name}**${step.args?.file_path ? ` \`${step.args.file_path}\`` : ''}${Number.isInteger(step.result?.exit_code) ? `, exit ${step.result.exit_code}` : ''}`,
					main === undefined ? fenced(step.call.arguments ?? '', 'json') : fenced(String(main), step.args.command ? 'bash' : ''));
				if (printed(step.result)) parts.push(fenced(printed(step.result)));
			}
		}
	}
	return `${parts.join('\n\n')}\n`;
}

const comment = (text) => text.trim().split('\n').map((line) => `# ${line}`.trimEnd()).join('\n');
const quote = (text) => `'${String(text).replaceAll("'", "'\\''")}'`;

/** All commands and files, to be run again. */
function asScript(whole) {
	const parts = ['#!/usr/bin/env bash', comment(`${whole.title}\nEverything that the agent ran and wrote, in its order.`)];
	for (const turn of whole.turns) {
		parts.push(comment(`\nYou: ${turn.text}`));
		for (const step of steps(turn)) {
			if (step.text !== undefined) continue;
			const { name } = step.call;
			if (!step.args) parts.push(comment(`${name}: its arguments were too long to be kept`));
			else if (name === 'execute_bash') parts.push(`(\n${step.args.command}\n)`);
			else if (name === 'write_file') {
				const content = String(step.args.content ?? '');
				let end = 'END';
				while (content.split('\n').includes(end)) end += '_';
				const path = quote(step.args.file_path);
				const write = /(^|\n)$/.test(content) ? `cat > ${path} <<'${end}'\n${content}${end}` : `printf %s ${quote(content)} > ${path}`;
				parts.push(`mkdir -p -- "$(dirname -- ${path})"\n${write}`);
			} else parts.push(comment(`${name} ${step.call.arguments ?? ''}`));
		}
	}
	return `${parts.join('\n\n')}\n`;
}

const source = (text) => text.split(/(?<=\n)/);

function asNotebook(whole) {
	const cells = [];
	let count = 0;
	const words = (text) => cells.push({ cell_type: 'markdown', id: `cell-${cells.length}`, metadata: {}, source: source(text) });
	words(`# ${whole.title}`);
	for (const turn of whole.turns) {
		words(`**You:** ${turn.text}`);
		for (const step of steps(turn)) {
			if (step.text !== undefined) {
				words(step.text.trim());
				continue;
			}
			const { args, call, result } = step;
			const code = !args ? `# ${call.name}: its arguments were too long to be kept`
				: call.name === 'execute_bash' ? `%%bash\n${args.command}`
				: call.name === 'write_file' ? `%%writefile ${args.file_path}\n${args.content}` : `# ${call.name} ${call.arguments}`.replaceAll('\n', '\n# ');
			const outputs = [];
			const stream = (name, text) => text && outputs.push({ output_type: 'stream', name, text: source(text) });
			stream('stdout', streamText(result?.stdout) || streamText(result?.text));
			stream('stderr', streamText(result?.stderr));
			cells.push({ cell_type: 'code', id: `cell-${cells.length}`, execution_count: (count += 1), metadata: {}, outputs, source: source(code) });
		}
	}
	const metadata = { kernelspec: { display_name: 'Python 3', language: 'python', name: 'python3' }, language_info: { name: 'python' } };
	return `${JSON.stringify({ cells, metadata, nbformat: 4, nbformat_minor: 5 }, null, 1)}\n`;
}

const file = (whole, ending) => `${(whole.title || 'conversation').replace(/[^\p{L}\p{N}]+/gu, '-').replace(/^-+|-+$/g, '').slice(0, 60) || 'conversation'}.${ending}`;
const KINDS = {
	Markdown: ['md', 'text/markdown', asMarkdown],
	JSON: ['json', 'application/json', (whole) => `${JSON.stringify(whole, null, 1)}\n`],
	script: ['sh', 'text/x-shellscript', asScript],
	notebook: ['ipynb', 'application/x-ipynb+json', asNotebook],
};

/** Hands a conversation to the person: as Markdown, JSON, script or notebook. */
export function exportAs(kind, whole) {
	const [ending, type, make] = KINDS[kind];
	save(file(whole, ending), new Blob([make(whole)], { type }));
}
