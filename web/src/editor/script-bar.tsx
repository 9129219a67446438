// SPDX-License-Identifier: GPL-3.0-or-later
// What is said in the scene, and by whom.
import { useEffect, useRef, useState } from 'preact/hooks';
import { Button } from '../parts/button.tsx';
import { t } from '../strings/index.ts';
import { name_of } from './assets.ts';
import { drawer } from './drawer-state.ts';
import { editing, others } from './live.ts';
import { change_scene, layer_id, layers, scene } from './store.ts';

const TYPING_MS = 700;

export function ScriptBar() {
    const place = scene.value;
    const [own, set_own] = useState('');
    const timer = useRef(0), focused = useRef('');
    useEffect(() => {
        if (focused.current !== place?.id)
            set_own(place?.text ?? '');
    }, [place?.id, place?.text]);
    if (!place)
        return null;
    const settle = (text: string) => {
        clearTimeout(timer.current);
        if (text !== place.text)
            change_scene(place.id, { text });
    };
    const voice = layers.value.find((one) => one.type === 'voiceover');
    const writer = others().find((person) => person.scene_id === place.id && person.editing === 'script');
    const choose_voice = () => {
        layer_id.value = voice?.id ?? '';
        drawer.value = { tab: 'voices', into: voice ? 'voice_id' : undefined };
    };
    return (
        <section class="script" aria-label={t.editor.script_and_voice}>
            <textarea class="input" rows={2} aria-label={t.editor.script} placeholder={t.editor.script_hint} value={own}
                onFocus={() => { focused.current = place.id; editing.value = 'script'; }}
                onBlur={(event) => { focused.current = ''; editing.value = ''; settle(event.currentTarget.value); }}
                onInput={(event) => {
                    const text = event.currentTarget.value;
                    set_own(text);
                    clearTimeout(timer.current);
                    timer.current = window.setTimeout(() => settle(text), TYPING_MS);
                }} />
            {writer && <span class="small" style={{ color: 'var(--muted)' }}>{t.editor.writes(writer.username)}</span>}
            <Button icon="voice" act={choose_voice}>{voice ? (name_of('voice_id', String(voice.properties.voice_id ?? '')) ?? voice.name) : t.editor.add_voice}</Button>
        </section>
    );
}
