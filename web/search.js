// SPDX-License-Identifier: GPL-3.0-or-later
// A field that searches everything: names, what is said, scenes. Hits lead to the second where it is.
import { get, pause } from './api.js';
import { clock, count, h, icon, notice } from './dom.js';

const PAGE = 20, WAIT_MS = 200;
const kinds = { media: 'Name of a file', segment: 'Transcript', video: 'Title of a video', scene: 'Scene', layer: 'Text in a scene' };

// The server marks what was found with <mark> in otherwise escaped text; here it becomes elements, and text stays text.
function marked(snippet) {
    const body = new DOMParser().parseFromString(snippet, 'text/html').body;
    return [...body.childNodes].map((node) => (node.nodeName === 'MARK' ? h('mark', null, node.textContent) : node.textContent));
}

function row(hit) {
    const place = hit.media_id ? `#/file/${hit.media_id}${hit.second ? `@${hit.second}` : ''}` : `#/video/${hit.video_id}`;
    const facts = [kinds[hit.kind], hit.second == null ? null : clock(hit.second)].filter(Boolean).join(' · ');
    return h('li', { class: 'hit' }, h('span', { class: 'kind' }, icon(hit.video_id ? 'film' : hit.kind === 'segment' ? 'edit' : 'audio')),
        h('div', { class: 'about' }, h('a', { href: place, class: 'name' }, hit.title), h('p', null, marked(hit.snippet)), h('span', { class: 'soft' }, facts)));
}

// {element, results}: while there is something in the field, the results stand where on_change(true) makes room.
export function search(signal, on_change) {
    const problem = notice(), sum = h('p', { class: 'soft', role: 'status' });
    const list = h('ul', { class: 'list', 'aria-label': 'Found' });
    const more = h('button', { class: 'button', hidden: true, onclick: () => ask(list.children.length) }, 'Show more');
    const results = h('div', { class: 'found', hidden: true }, sum, problem.element, list, h('p', { class: 'row' }, more));
    const field = h('input', { type: 'search', name: 'q', maxlength: '500', placeholder: 'Search names, transcripts and scenes', 'aria-label': 'Search', autocomplete: 'off', oninput: () => ask(0) });
    let asked = 0;

    async function ask(offset) {
        const turn = ++asked, text = field.value.trim();
        results.hidden = !text;
        on_change(Boolean(text));
        if (!text)
            return;
        try {
            await pause(WAIT_MS, signal);
            if (turn !== asked)
                return;
            const { hits, total } = await get(`/api/v1/search?q=${encodeURIComponent(text)}&limit=${PAGE}&offset=${offset}`, signal);
            if (turn !== asked)
                return;
            problem.show('');
            if (!offset)
                list.replaceChildren();
            list.append(...hits.map(row));
            sum.textContent = total ? count(total, 'hit') : 'Nothing was found. All words must be there; try fewer, or a beginning with * behind it.';
            more.hidden = !hits.length || list.children.length >= total;
        } catch (error) {
            if (!signal.aborted)
                problem.show(error);
        }
    }
    return { element: h('form', { role: 'search', onsubmit: (event) => { event.preventDefault(); ask(0); } }, field), results };
}
