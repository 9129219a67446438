// SPDX-License-Identifier: GPL-3.0-or-later
// The page's frame: which screen an address shows, the header, and the way in.
import { get, make_first_account, sign_in, sign_out, user_name } from './api.js';
import { h, icon, notice, working } from './dom.js';
import { library } from './library.js';
import { media } from './media.js';
import { new_video, video, videos } from './videos.js';

// By the hash: [pattern, title, screen, tab]. A screen gets (signal, id, second) and gives its element.
const screens = [
    [/^#\/file\/([0-9a-f-]{36})(?:@([\d.]+))?$/, 'File', media, 'library'],
    [/^#\/videos$/, 'Videos', videos, 'videos'],
    [/^#\/new$/, 'New video', new_video, 'videos'],
    [/^#\/video\/([0-9a-f-]{36})$/, 'Video', video, 'videos'],
    [/^/, 'Library', library, 'library'],
];
const main = document.getElementById('main'), header = document.getElementById('header');
let shown = new AbortController();

function brand() {
    return h('a', { class: 'brand', href: '#/library' }, h('img', { src: '/web/icon.svg', alt: '', width: '28', height: '28' }), h('span', null, 'Kinora'));
}

function show_header(tab) {
    const link = (name, text) => h('a', { href: `#/${name}`, 'aria-current': tab === name ? 'page' : null }, text);
    header.replaceChildren(...(user_name() ? [brand(),
        h('nav', { 'aria-label': 'Main' }, link('library', 'Library'), link('videos', 'Videos')),
        h('span', { class: 'who', title: user_name() }, user_name()),
        h('button', { class: 'button quiet', onclick: sign_out, 'aria-label': 'Sign out', title: 'Sign out' }, icon('exit'))] : []));
}

function field(label, attributes, hint) {
    const input = h('input', { id: attributes.name, required: true, ...attributes, 'aria-describedby': hint ? `${attributes.name}-hint` : null });
    return h('div', { class: 'field' }, h('label', { for: attributes.name }, label), input,
        hint && h('small', { id: `${attributes.name}-hint` }, hint));
}

async function way_in() {
    const first = Boolean((await get('/ready')).setup_needed);
    const problem = notice();
    const button = h('button', { class: 'button primary wide' }, first ? 'Make the account' : 'Sign in');
    const code = field('Setup code', { name: 'code', autocomplete: 'off', required: false }, 'Kinora printed it where it was started.');
    code.hidden = true;
    const form = h('form', { class: 'card enter', onsubmit: working(button, problem, async () => {
        const { username, email, password, code: setup } = Object.fromEntries(new FormData(form));
        try {
            await (first ? make_first_account({ username, email, password }, setup) : sign_in(username, password));
        } catch (error) {
            if (error.code === 'SETUP_CODE_REQUIRED')
                code.hidden = false;
            if (first && error.status === 401)
                return show(); // somebody was faster: sign in
            throw error;
        }
        await show();
    }) },
    h('img', { src: '/web/icon.svg', alt: '', width: '48', height: '48' }),
    h('h1', null, first ? 'Welcome to Kinora' : 'Sign in to Kinora'),
    h('p', { class: 'soft' }, first ? 'Your recordings and films, on a machine of your own. Make the first account; it looks after this server.'
        : 'Your recordings and films, on a machine of your own.'),
    field(first ? 'User name' : 'User name or e-mail', { name: 'username', autocomplete: 'username', autocapitalize: 'none', minlength: '1', maxlength: first ? '64' : '254', autofocus: true }),
    first && field('E-mail', { name: 'email', type: 'email', autocomplete: 'email' }),
    field('Password', { name: 'password', type: 'password', autocomplete: first ? 'new-password' : 'current-password', minlength: first ? '8' : '1' },
        first && 'At least 8 characters.'),
    first && code, problem.element, button);
    return form;
}

async function show() {
    shown.abort();
    shown = new AbortController();
    const { signal } = shown;
    const [pattern, title, screen, tab] = screens.find(([one]) => one.test(location.hash));
    const inside = Boolean(user_name());
    document.body.classList.toggle('outside', !inside);
    document.title = `${inside ? title : 'Sign in'} – Kinora`;
    show_header(tab);
    try {
        const element = inside ? await screen(signal, ...pattern.exec(location.hash).slice(1)) : await way_in();
        if (signal.aborted)
            return;
        main.replaceChildren(element);
        const heading = element.querySelector('h1');
        if (inside && heading)
            document.title = `${heading.textContent} – Kinora`;
        (element.querySelector('[autofocus]') ?? main).focus({ preventScroll: true });
        scrollTo(0, 0);
    } catch (error) {
        if (signal.aborted)
            return;
        const problem = notice();
        problem.show(error);
        main.replaceChildren(h('div', { class: 'card' }, h('h1', null, error.status === 404 ? 'This is not here any more' : 'This did not work'), problem.element,
            h('p', { class: 'row' }, h('button', { class: 'button primary', onclick: show }, 'Try again'), h('a', { class: 'button', href: '#/library' }, 'Go to the library'))));
    }
}

addEventListener('hashchange', show);
addEventListener('signed-out', show);
document.querySelector('.skip').addEventListener('click', (event) => {
    event.preventDefault(); // the address chooses the screen
    main.focus();
});
show();
