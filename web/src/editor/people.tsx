// SPDX-License-Identifier: GPL-3.0-or-later
// Who is here, and with whom the video is shared.
import type { Shapes } from 'kinora:api';
import { useEffect, useState } from 'preact/hooks';
import { call, once } from '../api/client.ts';
import { Button } from '../parts/button.tsx';
import { Dialog } from '../parts/dialog.tsx';
import { Failure, Select, TextField } from '../parts/field.tsx';
import { t } from '../strings/index.ts';
import { others } from './live.ts';
import { scenes, video } from './store.ts';

export function Present() {
    const here = others();
    return (
        <ul class="present" aria-label={t.editor.here}>
            {here.slice(0, 6).map((person) => {
                const at = scenes.value.find((one) => one.id === person.scene_id)?.scene_number;
                return <li key={person.socket_id} title={at ? t.editor.person_at(person.username, at) : person.username} style={{ background: person.color }}>{person.username.slice(0, 2).toUpperCase()}<span class="hidden-text">{person.username}</span></li>;
            })}
        </ul>
    );
}

export function Members({ close }: { close: () => void }) {
    const path = { videoId: video.value!.id! };
    const [list, set_list] = useState<Array<Shapes['Member']> | null>(null);
    const [failed, set_failed] = useState('');
    const read = () => call('GET /api/v1/videos/{videoId}/members', { path }).then((told) => set_list(told.members));
    useEffect(() => void read().catch((error) => set_failed(error.message)), []);
    const add = async (event: Event) => {
        event.preventDefault();
        const form = event.currentTarget as HTMLFormElement, { name, role } = Object.fromEntries(new FormData(form)) as Record<string, string>;
        set_failed('');
        try {
            await call('POST /api/v1/videos/{videoId}/members', { path, body: { ...(name!.includes('@') ? { email: name } : { username: name }), role: role as 'editor' }, headers: once() });
            form.reset();
            await read();
        } catch (error) {
            set_failed((error as Error).message);
        }
    };
    const remove = async (user_id: string) => {
        await call('DELETE /api/v1/videos/{videoId}/members/{user_id}', { path: { ...path, user_id } });
        await read();
    };
    return (
        <Dialog title={t.editor.share_title} close={close}>
            <p class="muted small">{t.editor.share_text}</p>
            {failed && <Failure>{failed}</Failure>}
            <form class="row wrap" style={{ alignItems: 'end' }} onSubmit={add}>
                <div class="grow"><TextField label={t.share.who} name="name" required autofocus autocomplete="off" /></div>
                <Select label={t.editor.role} name="role" choices={[['editor', t.editor.roles.editor], ['viewer', t.editor.roles.viewer]]} />
                <button class="button main">{t.share.add}</button>
            </form>
            {list && (list.length ? <ul class="rows" aria-label={t.share.people}>{list.map((one) => <li key={one.user_id} class="row between"><span class="cut">{one.username} <span class="badge">{t.editor.roles[one.role as 'editor']}</span></span><Button kind="tight" act={() => remove(one.user_id!)}>{t.share.stop}</Button></li>)}</ul> : <p class="muted small">{t.share.nobody}</p>)}
        </Dialog>
    );
}
