// What changed between two texts, line by line, in the form of `diff -u`.

const MOST_LINES = 4000;
const MOST_EDITS = 600;
const CONTEXT = 3;

/** The edits from one list of lines to another: [sign, line]. */
function edits(before, after) {
	let start = 0;
	while (start < before.length && start < after.length && before[start] === after[start]) start += 1;
	let end = 0;
	while (end < before.length - start && end < after.length - start && before.at(-1 - end) === after.at(-1 - end)) end += 1;
	const same = (lines) => lines.map((line) => [' ', line]);
	return [
		...same(before.slice(0, start)),
		...middle(before.slice(start, before.length - end), after.slice(start, after.length - end)),
		...same(end ? before.slice(-end) : []),
	];
}

// Myers' algorithm; what differs too much is given as replaced.
function middle(before, after) {
	const replaced = () => [...before.map((line) => ['-', line]), ...after.map((line) => ['+', line])];
	if (!before.length || !after.length || before.length + after.length > MOST_LINES) return replaced();
	const furthest = new Map([[1, 0]]);
	const trace = [];
	for (let count = 0; count <= MOST_EDITS; count += 1) {
		trace.push(new Map(furthest));
		for (let k = -count; k <= count; k += 2) {
			const down = k === -count || (k !== count && (furthest.get(k - 1) ?? -1) < (furthest.get(k + 1) ?? -1));
			let x = down ? furthest.get(k + 1) : furthest.get(k - 1) + 1;
			while (x < before.length && x - k < after.length && before[x] === after[x - k]) x += 1;
			furthest.set(k, x);
			if (x >= before.length && x - k >= after.length) return backwards(trace, before, after);
		}
	}
	return replaced();
}

function backwards(trace, before, after) {
	const found = [];
	let x = before.length;
	let y = after.length;
	for (let count = trace.length - 1; count >= 0; count -= 1) {
		const furthest = trace[count];
		const k = x - y;
		const down = k === -count || (k !== count && (furthest.get(k - 1) ?? -1) < (furthest.get(k + 1) ?? -1));
		const fromX = count ? furthest.get(down ? k + 1 : k - 1) : 0;
		const fromY = count ? fromX - (down ? k + 1 : k - 1) : 0;
		while (x > fromX && y > fromY) found.push([' ', before[(y -= 1, x -= 1)]]);
		if (count) found.push(down ? ['+', after[(y -= 1)]] : ['-', before[(x -= 1)]]);
	}
	return found.reverse();
}

/** The hunks as text; empty if the texts are the same. */
export function unified(before, after) {
	const all = edits(before.split('\n'), after.split('\n'));
	const near = new Set();
	all.forEach(([sign], at) => {
		if (sign !== ' ') for (let one = at - CONTEXT; one <= at + CONTEXT; one += 1) near.add(one);
	});
	const out = [];
	let [old, now] = [1, 1];
	all.forEach(([sign, line], at) => {
		if (near.has(at)) {
			if (!near.has(at - 1) || at === 0) out.push(`@@ -${old} +${now} @@`);
			out.push(sign + line);
		}
		if (sign !== '+') old += 1;
		if (sign !== '-') now += 1;
	});
	return out.join('\n');
}
