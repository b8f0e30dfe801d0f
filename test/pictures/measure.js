// What is wrong with pictures and pages, as a browser lays them out.
//
// The page that loads this has an iframe for each of them.  For each the answer
// has a line "NAME <tab> WIDTH <tab> TEXTS", how many texts are seen, and one
// for each problem: "NAME <tab> WIDTH <tab> PROBLEM <tab> WHAT".  It becomes the
// text of #answer, encoded as a part of a URL.
'use strict';

const CONTRAST = 4.5;	// of WCAG 2, for text of any size
const TOUCH = 1.5;		// pixels that boxes of texts may share

// A colour as [red, green, blue, opacity].
function colour(text) {
	const numbers = (text.match(/[\d.]+/g) || []).map(Number);

	if (!/^rgb/.test(text))
		return [0, 0, 0, 0];
	return numbers.length == 4 ? numbers : [...numbers, 1];
}

function over(below, above, opacity) {
	const part = above[3] * opacity;

	return below.map((c, i) => i == 3 ? 1 : c * (1 - part) + above[i] * part);
}

function luminance(rgb) {
	const [r, g, b] = rgb.map(c => c / 255).map(c => c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);

	return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(a, b) {
	const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y);

	return (high + 0.05) / (low + 0.05);
}

// What is behind a point, but for texts.
function background(win, x, y) {
	let result = [255, 255, 255, 1];

	for (const element of win.document.elementsFromPoint(x, y).reverse()) {
		const style = win.getComputedStyle(element);

		if (element.closest('text') || element.tagName == 'svg')
			continue;
		if (!(element instanceof win.SVGElement))
			result = over(result, colour(style.backgroundColor), 1);
		else if (style.fill != 'none')
			result = over(result, colour(style.fill), Number(style.fillOpacity));
		else
			result = over(result, colour(style.stroke), Number(style.strokeOpacity));
	}
	return result;
}

// All that is read: the text, where it is, and the element that it is in.
function texts(win) {
	const doc = win.document;
	const found = [];

	for (const element of doc.querySelectorAll('text')) {
		const box = element.getBoundingClientRect();

		if (box.width > 0)
			found.push({element, box, text: element.textContent, svg: true});
	}
	if (!doc.body)
		return found;
	const walker = doc.createTreeWalker(doc.body, win.NodeFilter.SHOW_TEXT);
	while (walker.nextNode()) {
		const element = walker.currentNode.parentElement;
		const range = doc.createRange();

		if (element.closest('svg, style') || !walker.currentNode.data.trim())
			continue;
		range.selectNodeContents(walker.currentNode);
		for (const box of range.getClientRects())
			if (box.width > 0)
				found.push({element, box, text: walker.currentNode.data.trim()});
	}
	return found;
}

function overlap(a, b) {
	return Math.min(a.right, b.right) - Math.max(a.left, b.left) > TOUCH &&
		Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > TOUCH;
}

function short(text) {
	return text.length > 40 ? text.slice(0, 40) + '...' : text;
}

function check_overlaps(found, problem) {
	for (let i = 0; i < found.length; i++)
		for (let k = i + 1; k < found.length; k++)
			if (overlap(found[i].box, found[k].box))
				problem('overlap', `"${short(found[i].text)}" and "${short(found[k].text)}"`);
}

function check_edges(win, found, problem) {
	const root = win.document.documentElement;

	if (root.scrollWidth > root.clientWidth && root.tagName != 'svg')
		problem('overflow', `the page is ${root.scrollWidth} wide`);
	for (const {element, box, text, svg} of found) {
		const frame = svg ? element.ownerSVGElement.getBoundingClientRect() :
			{left: 0, top: 0, right: win.innerWidth, bottom: win.innerHeight};

		if (box.left < frame.left - 0.5 || box.right > frame.right + 0.5 ||
			box.top < frame.top - 0.5 || box.bottom > frame.bottom + 0.5)
			problem('overflow', `"${short(text)}" to ${Math.round(box.right)}`);
	}
}

// A rim around the letters is what they are on.
function check_contrast(win, found, problem) {
	for (const {element, box, text, svg} of found) {
		const style = win.getComputedStyle(element);
		const letters = colour(svg ? style.fill : style.color);
		const grounds = [];

		if (svg && style.paintOrder.startsWith('stroke') && parseFloat(style.strokeWidth) >= 3)
			grounds.push(colour(style.stroke));
		else
			for (const x of [0.02, 0.25, 0.5, 0.75, 0.98])
				for (const y of [0.25, 0.5, 0.75])
					grounds.push(background(win, box.left + x * box.width, box.top + y * box.height));
		const least = Math.min(...grounds.map(ground => contrast(letters, ground)));
		if (least < CONTRAST)
			problem('contrast', `"${short(text)}" has ${least.toFixed(2)}`);
	}
}

// What is cut is in a title, in full.
function check_cuts(found, problem) {
	for (const {element, text, svg} of found) {
		if (!svg || !text.endsWith('\u2026'))
			continue;
		const titles = [];
		for (let at = element.parentElement; at; at = at.parentElement)
			for (const child of at.children)
				if (child.tagName == 'title')
					titles.push(child.textContent.replace(/\s+/g, ' '));
		const start = text.slice(0, -1).replace(/\s+/g, ' ').trim();
		if (!titles.some(title => title.includes(start) && title.length > start.length))
			problem('cut', `"${short(text)}" has no title`);
	}
}

function measure(frame, say) {
	const win = frame.contentWindow;
	const problem = (kind, what) => say([frame.dataset.name, frame.dataset.width, kind, what]);
	const dark = location.search == '?dark';

	frame.style.height = win.document.documentElement.scrollHeight + 'px';
	if (win.document.querySelector('parsererror'))
		problem('parse', win.document.querySelector('parsererror').textContent);
	if (win.matchMedia('(prefers-color-scheme: dark)').matches != dark)
		problem('scheme', 'the scheme is not the one that was asked for');
	for (const entry of win.performance.getEntriesByType('resource'))
		problem('resource', entry.name);

	const found = texts(win);
	check_overlaps(found, problem);
	check_edges(win, found, problem);
	check_contrast(win, found, problem);
	check_cuts(found, problem);
	say([frame.dataset.name, frame.dataset.width, found.length]);
}

window.onload = () => {
	const lines = [];

	for (const frame of document.querySelectorAll('iframe')) {
		try {
			measure(frame, cells => lines.push(cells.join('\t').replace(/\n/g, ' ')));
		} catch (error) {
			lines.push([frame.dataset.name, frame.dataset.width, 'error', error].join('\t'));
		}
	}
	document.getElementById('answer').textContent = encodeURIComponent(lines.join('\n'));
};
