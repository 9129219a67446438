// SPDX-License-Identifier: GPL-3.0-or-later
// Oneself: name, address, password, looks, and where one is signed in.
import type { Shapes } from 'kinora:api';
import { useEffect, useState } from 'preact/hooks';
import { call, sign_in, sign_out } from '../api/client.ts';
import { Button } from '../parts/button.tsx';
import { Failure, Select, TextField } from '../parts/field.tsx';
import { moment, size } from '../parts/format.ts';
import { me, read_me, type Me } from '../state/me.ts';
import { apply_theme, theme, type Theme } from '../state/theme.ts';
import { toast } from '../state/toasts.ts';
import { ApiKeys } from './api-keys.tsx';
import { language, languages, set_language, t } from '../strings/index.ts';

function Account({ user }: { user: Me }) {
    const [failed, set_failed] = useState('');
    const save = async (event: Event) => {
        event.preventDefault();
        const form = event.currentTarget as HTMLFormElement, values = Object.fromEntries(new FormData(form)) as Record<string, string>;
        set_failed('');
        try {
            const told = await call('PUT /api/v1/users/me', { body: { username: values.username, email: values.email, ...(values.password && { password: values.password }) } });
            if (values.password) // which ends all sessions, this one too
                await sign_in(told.username!, values.password);
            me.value = told;
            (form.elements.namedItem('password') as HTMLInputElement).value = '';
            toast(t.saved);
        } catch (error) {
            set_failed((error as Error).message);
        }
    };
    return (
        <form class="card stack" onSubmit={save}>
            <h2>{t.profile.account}</h2>
            {failed && <Failure>{failed}</Failure>}
            <TextField label={t.gate.username} name="username" defaultValue={user.username ?? ''} required autocomplete="username" />
            <TextField label={t.gate.email} name="email" type="email" defaultValue={user.email ?? ''} required autocomplete="email" />
            <TextField label={t.profile.new_password} name="password" type="password" minLength={8} autocomplete="new-password" help={t.profile.new_password_help} />
            <div class="row between">
                <span class="small muted">{t.profile.plan(user.plan ?? 'free')} · {user.quota_bytes === null ? t.profile.used(size(user.used_bytes)) : t.profile.used_of(size(user.used_bytes), size(user.quota_bytes))}</span>
                <button class="button main">{t.save}</button>
            </div>
        </form>
    );
}

function Looks() {
    return (
        <section class="card stack">
            <h2>{t.profile.looks}</h2>
            <Select label={t.profile.language} value={language} choices={Object.entries(languages)} onChange={(event) => set_language(event.currentTarget.value)} />
            <Select label={t.profile.theme} value={theme.value} choices={[['system', t.profile.themes.system], ['light', t.profile.themes.light], ['dark', t.profile.themes.dark]]} onChange={(event) => apply_theme(event.currentTarget.value as Theme)} />
        </section>
    );
}

function Sessions() {
    const [list, set_list] = useState<Array<Shapes['Session']> | null>(null);
    const read = () => call('GET /api/v1/sessions').then((told) => set_list(told.sessions));
    useEffect(() => void read().catch(() => set_list([])), []);
    const end = async (id: string) => {
        await call('DELETE /api/v1/sessions/{session_id}', { path: { session_id: id } });
        await read();
    };
    return (
        <section class="card stack">
            <h2>{t.profile.sessions}</h2>
            <ul class="stack" aria-label={t.profile.sessions}>
                {list?.map((one) => (
                    <li key={one.id} class="row between">
                        <div><p>{t.profile.since(moment(one.created_at))}</p><p class="small muted">{t.profile.until(moment(one.expires_at))}</p></div>
                        {one.current ? <span class="badge good">{t.profile.this_one}</span> : <Button kind="tight" act={() => end(one.id!)}>{t.profile.end}</Button>}
                    </li>
                ))}
            </ul>
            <footer class="row wrap"><Button icon="logout" act={() => sign_out()}>{t.profile.sign_out}</Button><Button kind="plain bad" act={() => sign_out(true)}>{t.profile.sign_out_all}</Button></footer>
        </section>
    );
}

export default function Profile() {
    const user = me.value;
    useEffect(() => void read_me().catch(() => undefined), []);
    if (!user)
        return <div class="waiting"><span class="spinner" role="status" aria-label={t.loading} /></div>;
    return (
        <div class="page narrow">
            <header class="head"><h1>{t.titles.profile}</h1></header>
            <Account user={user} />
            <Looks />
            <Sessions />
            {(user.plan === 'business' || user.is_superuser) && <ApiKeys />}
        </div>
    );
}
