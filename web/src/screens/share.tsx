// SPDX-License-Identifier: GPL-3.0-or-later
// With whom a file is shared.
import type { Shapes } from 'kinora:api';
import { useEffect, useState } from 'preact/hooks';
import { call, once } from '../api/client.ts';
import { Button } from '../parts/button.tsx';
import { Dialog } from '../parts/dialog.tsx';
import { Failure, TextField } from '../parts/field.tsx';
import { t } from '../strings/index.ts';

export function Share({ file, close }: { file: { id: string | null; name: string | null }; close: () => void }) {
    const [shares, set_shares] = useState<Array<Shapes['FileShare']> | null>(null);
    const [failed, set_failed] = useState('');
    const path = { file_id: file.id! };
    const read = () => call('GET /api/v1/keys/files/{file_id}/shares', { path }).then((answer) => set_shares(answer.shares ?? []), (error) => set_failed(error.message));
    useEffect(() => void read(), []);
    const add = async (event: Event) => {
        event.preventDefault();
        const form = event.currentTarget as HTMLFormElement, name = String(new FormData(form).get('name')).trim();
        set_failed('');
        try {
            await call('POST /api/v1/keys/files/{file_id}/shares', { path, body: name.includes('@') ? { email: name } : { username: name }, headers: once() });
            form.reset();
            await read();
        } catch (error) {
            set_failed((error as Error).message);
        }
    };
    const remove = async (user_id: string) => {
        await call('DELETE /api/v1/keys/files/{file_id}/shares/{user_id}', { path: { ...path, user_id } });
        await read();
    };
    return (
        <Dialog title={t.share.title(file.name ?? '')} close={close}>
            <p class="muted small">{t.share.text}</p>
            {failed && <Failure>{failed}</Failure>}
            <form class="row" style={{ alignItems: 'end' }} onSubmit={add}>
                <div class="grow"><TextField label={t.share.who} name="name" required autofocus autocomplete="off" /></div>
                <button class="button main">{t.share.add}</button>
            </form>
            {shares && (shares.length ? (
                <ul class="rows" aria-label={t.share.people}>
                    {shares.map((one) => <li key={one.user_id} class="row between"><span class="cut">{one.username}</span><Button kind="tight" act={() => remove(one.user_id!)}>{t.share.stop}</Button></li>)}
                </ul>
            ) : <p class="muted small">{t.share.nobody}</p>)}
        </Dialog>
    );
}
