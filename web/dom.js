// SPDX-License-Identifier: GPL-3.0-or-later
// Small helpers: elements (text is always text, never markup), icons, figures for people.
const icons = {
    audio: 'M9 18V6l10-2v11M9 18a2.5 2.5 0 1 1-2.5-2.5H9M19 15a2.5 2.5 0 1 1-2.5-2.5H19',
    video: 'M4 6h11v12H4zM15 10.5l5-3v9l-5-3',
    image: 'M4 5h16v14H4zM4 16l4.5-4.5 4 4L15 13l5 4.5M15.5 9.2h.01',
    trash: 'M5 7h14M10 7V5h4v2M7 7l1 12h8l1-12',
    upload: 'M12 16V5M7.5 9.5 12 5l4.5 4.5M5 19h14',
    download: 'M12 5v11M7.5 11.5 12 16l4.5-4.5M5 19h14',
    back: 'M19 12H5M11 6l-6 6 6 6',
    edit: 'M5 19h4L19 9l-4-4L5 15z',
    film: 'M4 5h16v14H4zM8 5v14M16 5v14M4 9.7h4M4 14.3h4M16 9.7h4M16 14.3h4',
    plus: 'M12 5v14M5 12h14',
    exit: 'M10 5H5v14h5M14 8l4 4-4 4M18 12H9',
    play: 'M8 5l11 7-11 7z',
};

export function icon(name) {
    const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
    const path = document.createElementNS('http://www.w3.org/2000/svg', 'path');
    svg.setAttribute('viewBox', '0 0 24 24');
    svg.setAttribute('class', 'icon');
    svg.setAttribute('aria-hidden', 'true');
    path.setAttribute('d', icons[name] ?? icons.image);
    svg.append(path);
    return svg;
}

// h('p', {class: 'note', onclick: f}, 'text', child): null attributes and children are left out.
export function h(tag, attributes, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes ?? {})) {
        if (value == null || value === false)
            continue;
        if (name.startsWith('on'))
            element.addEventListener(name.slice(2), value);
        else if (name in element && typeof value !== 'string')
            element[name] = value;
        else
            element.setAttribute(name, value === true ? '' : value);
    }
    element.append(...children.flat().filter((child) => child != null && child !== false));
    return element;
}

let toast_timer;
export function toast(text) {
    const box = document.getElementById('toast');
    box.textContent = text;
    clearTimeout(toast_timer);
    toast_timer = setTimeout(() => { box.textContent = ''; }, 5000);
}

// A place for errors that takes no room until it has one, and is read out then.
export function notice() {
    const element = h('p', { class: 'error', role: 'alert', hidden: true });
    return {
        element,
        show(error) {
            element.textContent = error instanceof Error ? error.message : error;
            element.hidden = !error;
        },
    };
}

// Resolves to whether the person agreed.
export function confirm_deletion(title, text) {
    return new Promise((resolve) => {
        const dialog = h('dialog', { 'aria-labelledby': 'ask-title', onclose: () => { dialog.remove(); resolve(dialog.returnValue === 'yes'); } },
            h('h2', { id: 'ask-title' }, title), h('p', null, text),
            h('div', { class: 'row end' },
                h('button', { class: 'button', autofocus: true, onclick: () => dialog.close('no') }, 'Keep it'),
                h('button', { class: 'button danger', onclick: () => dialog.close('yes') }, 'Delete')));
        document.body.append(dialog);
        dialog.showModal();
    });
}

// Runs a button's work once at a time; what it throws is shown.
export function working(button, problem, work) {
    return async (event) => {
        event?.preventDefault();
        if (button.disabled)
            return;
        button.disabled = true;
        problem.show('');
        try {
            await work();
        } catch (error) {
            if (error.name !== 'AbortError')
                problem.show(error);
        } finally {
            button.disabled = false;
        }
    };
}

export function clock(seconds) {
    const whole = Math.round(seconds ?? 0), minutes = Math.floor(whole / 60) % 60, hours = Math.floor(whole / 3600);
    const tail = String(whole % 60).padStart(2, '0');
    return hours ? `${hours}:${String(minutes).padStart(2, '0')}:${tail}` : `${minutes}:${tail}`;
}

export function size(bytes) {
    if (bytes < 1000)
        return `${bytes} bytes`;
    const power = Math.min(3, Math.floor(Math.log10(bytes) / 3));
    const value = bytes / 1000 ** power;
    return `${value.toFixed(value < 10 ? 1 : 0)} ${['', 'KB', 'MB', 'GB'][power]}`;
}

export function day(time) {
    return new Date(time).toLocaleDateString('en', { day: 'numeric', month: 'short', year: 'numeric' });
}

export const count = (number, word) => `${number} ${word}${number === 1 ? '' : 's'}`;
export const percent = (share) => `${Math.round(Math.max(0, Math.min(1, share ?? 0)) * 100)} %`;
