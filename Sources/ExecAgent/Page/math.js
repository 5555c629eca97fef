// Formulas: the part of TeX that answers use, as MathML. What isn't known is shown as it was written.

import { $, h } from './dom.js';

const LONGEST = 4000;
const DEEPEST = 40;

const pairs = (text) => Object.fromEntries(text.trim().split(/\s+/).map((pair) => [pair.slice(0, -1), pair.slice(-1)]));
const SYMBOLS = pairs('alphaα betaβ gammaγ deltaδ epsilonϵ varepsilonε zetaζ etaη thetaθ varthetaϑ iotaι kappaκ lambdaλ muμ nuν xiξ piπ rhoρ sigmaσ varsigmaς tauτ upsilonυ phiϕ varphiφ chiχ psiψ omegaω GammaΓ DeltaΔ ThetaΘ LambdaΛ XiΞ PiΠ SigmaΣ UpsilonΥ PhiΦ PsiΨ OmegaΩ infty∞ partial∂ nabla∇ hbarℏ ellℓ Reℜ Imℑ alephℵ emptyset∅ varnothing∅ degree° prime′ dots… ldots… cdots⋯ vdots⋮ ddots⋱ angle∠ top⊤ bot⊥');
const OPERATORS = pairs('times× div÷ cdot⋅ pm± mp∓ ast∗ star⋆ circ∘ bullet∙ leq≤ le≤ geq≥ ge≥ neq≠ ne≠ approx≈ equiv≡ sim∼ simeq≃ cong≅ propto∝ ll≪ gg≫ in∈ notin∉ ni∋ subset⊂ subseteq⊆ supset⊃ supseteq⊇ cup∪ cap∩ setminus∖ land∧ wedge∧ lor∨ vee∨ neg¬ lnot¬ forall∀ exists∃ to→ rightarrow→ leftarrow← leftrightarrow↔ Rightarrow⇒ Leftarrow⇐ Leftrightarrow⇔ implies⟹ iff⟺ mapsto↦ uparrow↑ downarrow↓ oplus⊕ otimes⊗ perp⊥ parallel∥ mid∣ colon: langle⟨ rangle⟩ lfloor⌊ rfloor⌋ lceil⌈ rceil⌉ lbrace{ rbrace} vert| Vert‖ lvert| rvert| therefore∴ because∵');
const LARGE = pairs('sum∑ prod∏ coprod∐ int∫ iint∬ iiint∭ oint∮ bigcup⋃ bigcap⋂ bigoplus⨁ bigotimes⨂');
const FUNCTIONS = new Set('sin cos tan cot sec csc arcsin arccos arctan sinh cosh tanh log ln lg exp det dim ker deg arg gcd hom Pr'.split(' '));
const LIMITS = new Set('lim max min sup inf argmax argmin limsup liminf'.split(' '));
const ACCENTS = pairs('hat^ widehat^ bar¯ overline¯ vec→ overrightarrow→ dot˙ ddot¨ tilde~ widetilde~ check~ overbrace⏞');
const SPACES = { ',': '0.167em', ':': '0.222em', ';': '0.278em', '!': '-0.167em', ' ': '0.25em', quad: '1em', qquad: '2em' };
const VARIANTS = {
	mathbb: { C: 'ℂ', N: 'ℕ', P: 'ℙ', Q: 'ℚ', R: 'ℝ', Z: 'ℤ', E: '𝔼' },
	mathcal: { L: 'ℒ', F: 'ℱ', H: 'ℋ', N: '𝒩', O: '𝒪', D: '𝒟', X: '𝒳', B: 'ℬ', M: 'ℳ', P: '𝒫', S: '𝒮', T: '𝒯' },
};
const FENCES = { pmatrix: '()', bmatrix: '[]', Bmatrix: '{}', vmatrix: '||', Vmatrix: '‖‖', matrix: '', smallmatrix: '', array: '', cases: '{', aligned: '', align: '', 'align*': '', gathered: '', split: '' };

class Unknown extends Error {}

function m(tag, attributes, ...children) {
	const node = document.createElementNS($('math').namespaceURI, tag);
	for (const [name, value] of Object.entries(attributes ?? {})) node.setAttribute(name, value);
	node.append(...children);
	return node;
}

const row = (nodes) => (nodes.length === 1 ? nodes[0] : m('mrow', {}, ...nodes));
const operator = (sign, attributes) => m('mo', attributes, sign);

class Parser {
	constructor(text) {
		this.tokens = text.match(/\\(?:[a-zA-Z]+|[^])|%[^\n]*|\d+(?:\.\d+)?|\s+|[^]/gu)?.filter((one) => one[0] !== '%') ?? [];
		this.at = 0;
		this.depth = 0;
	}

	peek() {
		while (/^\s/.test(this.tokens[this.at] ?? '')) this.at += 1;
		return this.tokens[this.at];
	}

	next() {
		const token = this.peek();
		this.at += 1;
		return token;
	}

	/** Everything up to one of these tokens, which stays. */
	until(...ends) {
		if ((this.depth += 1) > DEEPEST) throw new Unknown();
		const nodes = [];
		for (;;) {
			const token = this.peek();
			if (token === undefined) {
				if (ends.length) throw new Unknown();
				break;
			}
			if (ends.includes(token)) break;
			if (token === '}' || token === '\\right' || token === '\\end') throw new Unknown();
			nodes.push(...this.scripted());
		}
		this.depth -= 1;
		return nodes;
	}

	scripted() {
		const base = /^[_^']$/.test(this.peek()) ? [m('mrow')] : this.atom();
		const node = base.pop();
		let below;
		let above;
		for (;;) {
			const token = this.peek();
			if (token === '\\limits' || token === '\\nolimits') this.next();
			else if (token === "'") {
				let primes = '';
				for (; this.peek() === "'"; this.next()) primes += '′';
				above = operator(primes);
			} else if (token === '_' && !below) below = this.script();
			else if (token === '^' && (!above || above.textContent[0] === '′')) {
				const more = this.script();
				above = above ? row([above, more]) : more;
			} else if (token === '_' || token === '^') throw new Unknown();
			else break;
		}
		if (!node || !(below || above)) return node ? [...base, node] : base;
		const [sub, sup, both] = node.limits ? ['munder', 'mover', 'munderover'] : ['msub', 'msup', 'msubsup'];
		return [...base, below && above ? m(both, {}, node, below, above) : below ? m(sub, {}, node, below) : m(sup, {}, node, above)];
	}

	script() {
		this.next();
		return this.argument();
	}

	argument() {
		const token = this.peek();
		if (token === undefined || /^[}_^&]$/.test(token)) throw new Unknown();
		if (token !== '{') {
			// \frac12 takes one digit each.
			if (/^\d\d/.test(token)) {
				this.tokens.splice(this.at, 1, ...token);
			}
			if ((this.depth += 1) > DEEPEST) throw new Unknown();
			const node = row(this.atom());
			this.depth -= 1;
			return node;
		}
		return this.group();
	}

	group() {
		if (this.next() !== '{') throw new Unknown();
		const nodes = this.until('}');
		this.next();
		return row(nodes);
	}

	words() {
		if (this.next() !== '{') throw new Unknown();
		let text = '';
		for (let open = 1; ; this.at += 1) {
			const token = this.tokens[this.at];
			if (token === undefined) throw new Unknown();
			if (token === '{') open += 1;
			if (token === '}' && (open -= 1) === 0) break;
			text += /^\\[a-zA-Z]/.test(token) ? '' : token.replace(/^\\/, '');
		}
		this.at += 1;
		return text;
	}

	atom() {
		const token = this.next();
		if (token === '{') {
			this.at -= 1;
			return [this.group()];
		}
		if (token[0] === '\\' && token.length > 1) return this.command(token.slice(1));
		if (/^\d/.test(token)) return [m('mn', {}, token)];
		if (/^\p{L}/u.test(token)) return [m('mi', {}, token)];
		if (token === '&' || token === '#' || token === '$' || token === '\\') throw new Unknown();
		if (token === '~') return [m('mspace', { width: '0.25em' })];
		if (token === '-') return [operator('−')];
		if (/^[()[\]|]$/.test(token)) return [operator(token, { stretchy: 'false' })];
		return [operator(token === '*' ? '∗' : token)];
	}

	command(name) {
		if (Object.hasOwn(SYMBOLS, name)) return [m('mi', /^[Α-Ω∞]/.test(SYMBOLS[name]) ? { mathvariant: 'normal' } : {}, SYMBOLS[name])];
		if (Object.hasOwn(OPERATORS, name)) return [operator(OPERATORS[name], /[⟨⟩⌊⌋⌈⌉{}|‖]/.test(OPERATORS[name]) ? { stretchy: 'false' } : {})];
		if (Object.hasOwn(LARGE, name)) {
			const node = operator(LARGE[name], { movablelimits: 'true' });
			node.limits = !name.endsWith('int');
			return [node];
		}
		if (FUNCTIONS.has(name) || LIMITS.has(name)) {
			const node = operator(name.replace(/^(arg|lim)(?=...)/, '$1\u2009'), { lspace: '0.167em', rspace: '0.167em' });
			node.limits = LIMITS.has(name);
			return [node];
		}
		if (Object.hasOwn(SPACES, name)) return [m('mspace', { width: SPACES[name] })];
		if (/^[{}%$#&_|]$/.test(name)) return [operator(name === '|' ? '‖' : name, { stretchy: 'false' })];
		if (Object.hasOwn(ACCENTS, name)) return [m('mover', { accent: 'true' }, this.argument(), operator(ACCENTS[name]))];
		if (Object.hasOwn(VARIANTS, name)) {
			const text = this.words();
			return [m('mi', { mathvariant: 'normal' }, [...text].map((sign) => VARIANTS[name][sign] ?? sign).join(''))];
		}
		const handler = COMMANDS[name];
		if (!handler) throw new Unknown();
		return handler.call(this, name);
	}

	delimiter() {
		const token = this.next();
		const sign = token?.[0] === '\\' ? (OPERATORS[token.slice(1)] ?? (token === '\\|' ? '‖' : token.slice(1))) : token;
		if (!sign || !/^[()[\]|.{}<>/‖⟨⟩⌊⌋⌈⌉]$/.test(sign)) throw new Unknown();
		return sign === '.' ? '' : sign;
	}

	environment() {
		const name = this.words();
		if (!Object.hasOwn(FENCES, name)) throw new Unknown();
		if (name === 'array') this.words();
		const rows = [[]];
		for (;;) {
			rows.at(-1).push(m('mtd', {}, ...this.until('&', '\\\\', '\\end')));
			const end = this.next();
			if (end === '\\end') break;
			if (end === '\\\\') rows.push([]);
		}
		if (this.words() !== name) throw new Unknown();
		if (rows.at(-1).length === 1 && !rows.at(-1)[0].childNodes.length) rows.pop();
		const isAligned = /align|split/.test(name);
		const table = m('mtable', { class: isAligned ? 'aligned' : name === 'cases' ? 'cases' : '', ...(isAligned && { displaystyle: 'true' }) },
			...rows.map((cells) => m('mtr', {}, ...cells)));
		const fence = [...FENCES[name]].map((sign) => operator(sign, { fence: 'true', stretchy: 'true' }));
		return [m('mrow', {}, ...fence.slice(0, 1), table, ...fence.slice(1))];
	}
}

function fraction() {
	return [m('mfrac', {}, this.argument(), this.argument())];
}

function text(name) {
	return [m('mtext', name.endsWith('bf') ? { class: 'bold' } : {}, this.words().replace(/^ | $/g, '\u00a0'))];
}

const COMMANDS = {
	__proto__: null,
	frac: fraction, dfrac: fraction, tfrac: fraction,
	binom() {
		return [m('mrow', {}, operator('('), m('mfrac', { linethickness: '0' }, this.argument(), this.argument()), operator(')'))];
	},
	sqrt() {
		if (this.peek() !== '[') return [m('msqrt', {}, this.argument())];
		this.next();
		const index = row(this.until(']'));
		this.next();
		return [m('mroot', {}, this.argument(), index)];
	},
	text, textbf: text, textrm: text, textit: text, mbox: text,
	mathrm() {
		return [m('mi', { mathvariant: 'normal' }, this.words())];
	},
	mathbf() {
		return [m('mrow', { class: 'bold' }, this.argument())];
	},
	underbrace() {
		const node = m('munder', {}, this.argument(), operator('⏟', { stretchy: 'true' }));
		node.limits = true;
		return [node];
	},
	left() {
		const open = this.delimiter();
		const inside = this.until('\\right');
		this.next();
		const close = this.delimiter();
		const fence = { fence: 'true', stretchy: 'true' };
		return [m('mrow', {}, ...(open ? [operator(open, fence)] : []), ...inside, ...(close ? [operator(close, fence)] : []))];
	},
	begin() {
		return this.environment();
	},
	big() {
		return [operator(this.delimiter())];
	},
	displaystyle: () => [m('mrow')], textstyle: () => [m('mrow')],
	pmod() {
		return [operator('(', { stretchy: 'false' }), m('mi', { mathvariant: 'normal' }, 'mod'), m('mspace', { width: '0.3em' }), this.argument(), operator(')', { stretchy: 'false' })];
	},
	bmod: () => [operator('mod')],
};
Object.assign(COMMANDS, {
	boldsymbol: COMMANDS.mathbf, bm: COMMANDS.mathbf, operatorname: COMMANDS.mathrm, mathit: COMMANDS.mathrm, mathsf: COMMANDS.mathrm, mathtt: COMMANDS.mathrm,
	bigl: COMMANDS.big, bigr: COMMANDS.big, Big: COMMANDS.big, Bigl: COMMANDS.big, Bigr: COMMANDS.big,
});

/** A formula as a node. */
export function formula(source, display) {
	try {
		if (source.length > LONGEST) throw new Unknown();
		const parser = new Parser(source);
		const nodes = parser.until();
		return m('math', { ...(display && { display: 'block' }), 'aria-label': source.trim() }, row(nodes));
	} catch (error) {
		if (!(error instanceof Unknown)) throw error;
		return h('code.tex', source.trim());
	}
}
