// SPDX-License-Identifier: GPL-3.0-or-later
// The keys of the editor. Fields keep theirs.
import { signal } from '@preact/signals';
import { drawer } from './drawer-state.ts';
import { playing, stop, toggle } from './play.ts';
import { delete_layer, delete_scene, duplicate_layer, duplicate_scene, layer, layer_id, may_change, now, redo, scene, scenes, seek, split_layer, total, undo, video } from './store.ts';

export const help = signal(false);

const in_field = (target: EventTarget | null) => target instanceof HTMLElement && (target.isContentEditable || /^(TEXTAREA|SELECT)$/.test(target.tagName) || (target instanceof HTMLInputElement && !/^(checkbox|button|range)$/.test(target.type)));
const in_button = (target: EventTarget | null) => target instanceof HTMLElement && !!target.closest('button, a, input, [role="menuitem"]');

function move(event: KeyboardEvent) {
    const by = (event.key === 'ArrowRight' ? 1 : -1) * (event.shiftKey ? 1 : 1 / (video.value?.fps ?? 30));
    stop();
    seek(Math.min(total.value - 0.001, Math.max(0, now.value + by)));
}

function remove() {
    if (layer.value)
        delete_layer(layer.value.id);
    else if (scene.value && !layer.value && scenes.value.length > 1)
        delete_scene(scene.value.id);
}

// The name of what a key asks for; '' for nothing.
function command(event: KeyboardEvent): string {
    const key = event.key.toLowerCase(), control = event.ctrlKey || event.metaKey;
    if (control && key === 'z')
        return event.shiftKey ? 'redo' : 'undo';
    if (control && key === 'y')
        return 'redo';
    if (control && key === 'd')
        return 'duplicate';
    if (control || event.altKey)
        return '';
    return { ' ': 'play', arrowleft: 'move', arrowright: 'move', s: 'split', delete: 'delete', backspace: 'delete', '?': 'help', escape: 'leave' }[key] ?? '';
}

const commands: Record<string, (event: KeyboardEvent) => void> = {
    undo: () => undo(),
    redo: () => redo(),
    duplicate: () => (layer.value && may_change(layer.value.id) ? duplicate_layer(layer.value.id) : scene.value && duplicate_scene(scene.value.id)),
    play: () => toggle(),
    move,
    split: () => split_layer(),
    delete: () => remove(),
    help: () => void (help.value = true),
    leave: () => (playing.value ? stop() : drawer.value ? (drawer.value = null) : (layer_id.value = '')),
};

export function on_key(event: KeyboardEvent) {
    const name = command(event);
    if (!name || event.defaultPrevented || document.querySelector('dialog[open]'))
        return;
    // Undo in a text field is the field's own; a button takes its space.
    if (in_field(event.target) || (name === 'play' && in_button(event.target)))
        return;
    event.preventDefault();
    commands[name]!(event);
}
