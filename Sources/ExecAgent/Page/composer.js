// Where the person writes: the message, its attachments, Send and Stop.

import { upload } from './api.js';
import { $, add, fill, h, icon, iconButton, say } from './dom.js';
import { duration, size, visible } from './format.js';
import { start, stop, talk } from './conversation.js';
import { emit, on, store } from './store.js';

const files = new Set();
let edited;
let busy = false;
let stopping = false;
// Uploads take turns: at the server each user has a share of the room.
let turn = Promise.resolve();

const isLoading = () => [...files].some((one) => one.state === 'loading');
const ready = () => [...files].filter((one) => one.state === 'ready').map((one) => one.answer);

function draw() {
	const runs = Boolean(talk.run);
	const control = $('send');
	const label = runs ? (stopping ? 'Stopping' : 'Stop') : 'Send';
	if (!control.firstChild || control.getAttribute('aria-label') !== label) {
		control.setAttribute('aria-label', label);
		control.title = runs ? 'Stop the run' : 'Send (Enter)';
		fill(control, icon(runs ? 'stop' : 'send'));
		control.classList.toggle('stop', runs);
	}
	control.disabled = runs ? stopping : busy || isLoading() || (!$('text').value.trim() && !files.size);
	$('editing').hidden = edited === undefined;
}

function limits() {
	const all = store.status?.limits ?? {};
	const words = [all.run_seconds && `${duration(all.run_seconds)} a run`, all.turns && `${all.turns} requests`].filter(Boolean);
	$('limits').textContent = words.length ? `At most ${words.join(', ')}` : '';
	$('attach').hidden = !store.status?.features?.files;
}

async function submit() {
	const text = $('text').value.trim();
	if (talk.run || busy || isLoading() || (!text && !files.size)) return;
	busy = true;
	// What is typed from now on belongs to the next message.
	$('text').value = '';
	draw();
	emit('problem', '');
	try {
		await start(text || 'Look at the attached files.', [...(edited?.attachments ?? []), ...ready()], edited?.index);
		files.clear();
		$('attached').replaceChildren();
		edited = undefined;
	} catch (error) {
		$('text').value = text + $('text').value;
		emit('problem', error.code === 'conversation_busy' ? 'The agent is still at work in this conversation. Stop it, or wait.' : error.message);
	}
	busy = false;
	draw();
}

// -- Attachments

function attach(list) {
	if (!store.status?.features?.files) return;
	for (const file of list) {
		const most = store.status.limits?.upload_bytes;
		const bar = h('progress', { max: 1, value: 0, 'aria-label': `Uploading ${visible(file.name)}` });
		const note = h('span.quiet', ` ${size(file.size)}`);
		const entry = { state: 'loading' };
		const node = h('li.chip', icon('clip'), visible(file.name), note, bar, iconButton('close', `Remove ${visible(file.name)}`, () => {
			entry.cancel?.();
			files.delete(entry);
			node.remove();
			$('text').focus();
			draw();
		}));
		files.add(entry);
		$('attached').append(node);
		const failed = (text) => {
			entry.state = 'failed';
			bar.remove();
			node.classList.add('bad');
			note.textContent = ` ${text}`;
			say(`${file.name}: ${text}`);
			draw();
		};
		if (most && file.size > most) {
			failed(`is larger than ${size(most)}`);
			continue;
		}
		turn = turn.then(async () => {
			if (!files.has(entry)) return;
			const { done, cancel } = upload(file, (part) => (bar.value = part));
			entry.cancel = cancel;
			try {
				Object.assign(entry, { state: 'ready', answer: { size: file.size, ...(await done) } });
				bar.remove();
				say(`${file.name} is attached`);
				emit('uploaded');
				draw();
			} catch (error) {
				if (error.status !== -1) failed(error.message);
			}
		});
	}
	draw();
}

function named(file) {
	return file.name && file.name !== 'image.png' ? file : new File([file], `pasted-${new Date().toISOString().slice(0, 19).replace(/[:T]/g, '-')}.png`, { type: file.type });
}

const hasFiles = (event) => [...(event.dataTransfer?.types ?? [])].includes('Files');

export function wireComposer() {
	const text = $('text');
	const grow = () => {
		text.rows = Math.min(12, text.value.split('\n').length);
		draw();
	};
	text.addEventListener('input', grow);
	text.addEventListener('keydown', (event) => {
		if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) {
			event.preventDefault();
			submit();
		} else if (event.key === 'Escape' && edited) cancelEdit();
	});
	text.addEventListener('paste', (event) => {
		const pasted = [...event.clipboardData.files].map(named);
		if (!pasted.length) return;
		event.preventDefault();
		attach(pasted);
	});
	$('composer').addEventListener('submit', async (event) => {
		event.preventDefault();
		if (!talk.run) {
			submit();
			return;
		}
		stopping = true;
		draw();
		try {
			await stop();
		} catch (error) {
			stopping = false;
			emit('problem', error.message);
		}
		draw();
	});
	add($('attach'), [icon('clip')]);
	$('attach').addEventListener('click', () => $('picker').click());
	$('picker').addEventListener('change', () => {
		attach($('picker').files);
		$('picker').value = '';
	});
	$('edit-cancel').addEventListener('click', cancelEdit);
	let over = 0;
	addEventListener('dragenter', (event) => {
		if (hasFiles(event)) $('drop').hidden = (over += 1) < 1 || !store.status?.features?.files;
	});
	addEventListener('dragleave', (event) => {
		if (hasFiles(event) && (over -= 1) <= 0) $('drop').hidden = true;
	});
	addEventListener('dragover', (event) => hasFiles(event) && event.preventDefault());
	addEventListener('drop', (event) => {
		if (!hasFiles(event)) return;
		event.preventDefault();
		over = 0;
		$('drop').hidden = true;
		attach(event.dataTransfer.files);
	});
	on('talk', () => {
		if (!talk.run) stopping = false;
		draw();
	});
	on('status', () => {
		limits();
		draw();
	});
	on('edit', (turn) => {
		edited = turn;
		text.value = turn.text;
		grow();
		text.focus();
	});
	on('blank', () => {
		edited = undefined;
		draw();
	});
	on('example', (words) => {
		text.value = words;
		grow();
		text.focus();
	});
	draw();
}

function cancelEdit() {
	edited = undefined;
	$('text').value = '';
	$('text').focus();
	draw();
}
