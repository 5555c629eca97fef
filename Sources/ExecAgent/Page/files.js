// The panel of files: artifacts, which are for the person, and the workspace, to look at.

import { get, request } from './api.js';
import { $, button, confirm, fill, h, icon, iconButton, roving } from './dom.js';
import { ago, iconOf, kindOf, many, size, visible } from './format.js';
import { artifactPath, attempt, download, filePath, loadArtifacts, on, part, store, tellTabs } from './store.js';

const TOP = '/workspace';
let folder = TOP;
let isShown = false;
let enter;

const previewArtifact = (name) => part(import('./preview.js'), (preview) => preview.previewArtifact(name));
const previewFile = (path) => part(import('./preview.js'), (preview) => preview.previewFile(path));

function row(kind, name, facts, open, actions, mark) {
	return h('li.file', button([icon(kind), h('span.name', visible(name)), h('span.quiet', facts), mark && h('span.mark-new', mark)],
		open, 'opener', { tabindex: -1 }), actions);
}

function drawArtifacts() {
	const all = [...store.artifacts.values()].sort((one, other) => String(other.modified).localeCompare(String(one.modified)));
	const fresh = store.marks.size;
	$('files-toggle').dataset.count = fresh && !isShown ? fresh : '';
	$('files-toggle').setAttribute('aria-label', fresh && !isShown ? `Files, ${many(fresh, 'new or changed file')}` : 'Files');
	if (!all.length) {
		fill($('pane-artifacts'), h('div.blank', icon('folder'), h('p', 'Nothing here yet.'), h('p.hint', 'Charts, tables and other files that the agent makes for you appear here.')));
		return;
	}
	fill($('pane-artifacts'), h('ul', all.map((one) => row(iconOf(one.name), one.name,
		[kindOf(one.name), size(one.size), ago(one.modified)].filter(Boolean).join(' · '), () => previewArtifact(one.name), [
			iconButton('down', `Download ${visible(one.name)}`, () => download(artifactPath(one.name), one.name)),
			iconButton('bin', `Delete ${visible(one.name)}`, () => remove(one.name)),
		], store.marks.get(one.name)))),
	h('p.row', button('Download all (zip)', () => download('artifacts.zip', 'artifacts.zip'), 'button.wide')));
	enter();
}

async function remove(name) {
	if (!(await confirm('Delete this file?', `${visible(name)} is deleted for good.`, 'Delete'))) return;
	if (!(await attempt(() => request('DELETE', artifactPath(name))))) return;
	store.marks.delete(name);
	store.artifacts.delete(name);
	drawArtifacts();
	$('tab-artifacts').focus();
	tellTabs({ type: 'artifacts' });
}

async function drawWorkspace(path = folder) {
	folder = path;
	const place = $('pane-workspace');
	let listed;
	try {
		listed = await get(`files?path=${encodeURIComponent(path)}`, { patient: true });
	} catch (error) {
		if (path !== TOP && error.status === 404) drawWorkspace(TOP);
		else fill(place, h('div.blank', h('p', error.status === 409 || error.status === 404 ? 'There is no sandbox yet. It starts with the first command.' : error.message), button('Try again', () => drawWorkspace())));
		return;
	}
	if (path !== folder) return;
	const parts = path.split('/').filter(Boolean);
	const crumbs = h('nav.crumbs', { 'aria-label': 'Folder' }, parts.map((part, at) =>
		[at > 0 && ' / ', at === parts.length - 1 ? h('strong', visible(part)) : button(visible(part), () => drawWorkspace(`/${parts.slice(0, at + 1).join('/')}`), 'link')]),
	iconButton('auto', 'Load again', () => drawWorkspace()));
	const order = (one) => (one.kind === 'directory' ? 0 : 1);
	const entries = [...listed.entries].sort((one, other) => order(one) - order(other) || one.name.localeCompare(other.name));
	const inside = (name) => `${path.replace(/\/$/, '')}/${name}`;
	fill(place, crumbs, entries.length ? h('ul', entries.map((one) => (one.kind === 'directory'
		? row('folder', one.name, 'Folder', () => drawWorkspace(one.path ?? inside(one.name)))
		: row(one.kind === 'file' ? iconOf(one.name) : 'link', one.name, one.kind === 'file' ? `${size(one.size)} · ${ago(one.modified)}` : 'Link',
			() => one.kind === 'file' && previewFile(one.path ?? inside(one.name)),
			one.kind === 'file' && [iconButton('down', `Download ${visible(one.name)}`, () => download(filePath(one.path ?? inside(one.name)), one.name))])))) : h('p.hint', 'This folder is empty.'),
	listed.truncated && h('p.hint', 'This folder has more files than are listed here.'));
	enter();
}

function choose(name) {
	for (const one of ['artifacts', 'workspace']) {
		const chosen = one === name;
		$(`tab-${one}`).setAttribute('aria-selected', String(chosen));
		$(`tab-${one}`).tabIndex = chosen ? 0 : -1;
		$(`pane-${one}`).hidden = !chosen;
	}
	if (name === 'workspace') drawWorkspace();
}

export function filesShown(shown) {
	isShown = shown;
	if (!shown) store.marks.clear();
	drawArtifacts();
}

export function wireFiles() {
	enter = () => {
		for (const pane of ['artifacts', 'workspace']) {
			const list = $(`pane-${pane}`).querySelector('ul');
			if (list) roving(list, '.opener')();
		}
	};
	const tabs = document.querySelector('.tabs');
	roving(tabs, '[role=tab]');
	tabs.addEventListener('focusin', (event) => choose(event.target.id.slice(4)));
	for (const one of ['artifacts', 'workspace']) $(`tab-${one}`).addEventListener('click', () => choose(one));
	on('artifacts', drawArtifacts);
	on('uploaded', () => !$('pane-workspace').hidden && drawWorkspace());
	on('ended', () => !$('pane-workspace').hidden && drawWorkspace());
	on('open', previewArtifact);
	on('tab', ({ type }) => type === 'artifacts' && loadArtifacts().catch(() => {}));
	drawArtifacts();
}
