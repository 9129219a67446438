// SPDX-License-Identifier: GPL-3.0-or-later
// Keys for scripts and other programs: made, shown once, ended.
import type { Shapes } from 'kinora:api';
import { useEffect, useState } from 'preact/hooks';
import { call } from '../api/client.ts';
import { Button } from '../parts/button.tsx';
import { Failure, Select, TextField } from '../parts/field.tsx';
import { moment } from '../parts/format.ts';
import { t } from '../strings/index.ts';

export function ApiKeys() {
    const [list, set_list] = useState<Array<Shapes['ApiKey']>>([]);
    const [made, set_made] = useState('');
    const [failed, set_failed] = useState('');
    const read = () => call('GET /api/v1/api-keys').then((told) => set_list(told.api_keys));
    useEffect(() => void read().catch((error: Error) => set_failed(error.message)), []);
    const make = async (event: Event) => {
        event.preventDefault();
        const form = event.currentTarget as HTMLFormElement, values = Object.fromEntries(new FormData(form)) as Record<string, string>;
        set_failed('');
        try {
            const told = await call('POST /api/v1/api-keys', { body: { name: values.name!, scopes: values.scopes!.split(' ') } });
            set_made(told.key!);
            form.reset();
            await read();
        } catch (error) {
            set_failed((error as Error).message);
        }
    };
    const end = async (id: string) => {
        await call('DELETE /api/v1/api-keys/{id}', { path: { id } });
        set_made('');
        await read();
    };
    return (
        <section class="card stack">
            <h2>{t.keys.title}</h2>
            <p class="small muted">{t.keys.text}</p>
            {failed && <Failure>{failed}</Failure>}
            {made && <TextField label={t.keys.made} value={made} readOnly help={t.keys.made_help} onFocus={(event) => event.currentTarget.select()} />}
            <ul class="stack" aria-label={t.keys.title}>
                {list.map((one) => (
                    <li key={one.id} class="row between">
                        <div><p>{one.name} <code>{one.prefix}…</code></p><p class="small muted">{one.last_used_at ? t.keys.used(moment(one.last_used_at)) : t.keys.unused}</p></div>
                        <Button kind="tight" act={() => end(one.id!)}>{t.profile.end}</Button>
                    </li>
                ))}
            </ul>
            <form class="stack" onSubmit={make}>
                <TextField label={t.keys.name} name="name" required maxLength={100} />
                <Select label={t.keys.may} name="scopes" choices={[['read', t.keys.read], ['read write', t.keys.write]]} />
                <div class="row end"><button class="button">{t.keys.make}</button></div>
            </form>
        </section>
    );
}
