// SPDX-License-Identifier: GPL-3.0-or-later
// For who runs the server: its state, its users.
import type { Shapes } from 'kinora:api';
import { useEffect, useState } from 'preact/hooks';
import { call, once } from '../api/client.ts';
import { Button } from '../parts/button.tsx';
import { confirm_it, Dialog } from '../parts/dialog.tsx';
import { Check, Failure, Select, TextField } from '../parts/field.tsx';
import { number, size } from '../parts/format.ts';
import { Menu } from '../parts/menu.tsx';
import { me } from '../state/me.ts';
import { toast } from '../state/toasts.ts';
import { t } from '../strings/index.ts';
import { job_kind, status_class, status_name } from './jobs.tsx';
import { Audit } from './audit.tsx';
import { Database } from './database.tsx';
import { Settings } from './settings.tsx';
import './admin.css';

type User = Shapes['UserDetail'];
const PLANS: Array<['free' | 'pro' | 'business', string]> = [['free', 'Free'], ['pro', 'Pro'], ['business', 'Business']];

function Figures() {
    const [told, set_told] = useState<Shapes['Overview'] | null>(null);
    const [failed, set_failed] = useState('');
    const read = () => call('GET /api/v1/overview').then(set_told);
    useEffect(() => {
        const ask = () => void read().catch((error) => set_failed(error.message));
        ask();
        const timer = setInterval(ask, 10000);
        return () => clearInterval(timer);
    }, []);
    if (failed)
        return <Failure>{failed}</Failure>;
    if (!told)
        return <div class="waiting"><span class="spinner" role="status" aria-label={t.loading} /></div>;
    const figure = (text: string, value: string) => <div class="card" key={text}><b>{value}</b><span class="small muted">{text}</span></div>;
    return (
        <section class="stack loose">
            <div class="figures">
                {figure(t.admin.users, number(told.users))}
                {figure(t.admin.files, number(told.files))}
                {figure(t.admin.videos, number(told.videos))}
                {figure(t.admin.size_of_files, size(told.file_bytes))}
                {figure(t.admin.stored, size(told.stored_bytes))}
                {figure(t.admin.free_of(size(told.disk_bytes)), size(told.disk_free_bytes))}
            </div>
            <div class="stack">
                <h2>{t.admin.queue}</h2>
                {told.jobs.length === 0 ? <p class="muted">{t.admin.queue_empty}</p> : (
                    <div class="table-box"><table class="table"><thead><tr><th>{t.admin.kind}</th><th>{t.admin.state}</th><th>{t.admin.count}</th></tr></thead>
                        <tbody>{told.jobs.map((one) => <tr key={`${one.kind}${one.status}`}><td>{job_kind(one.kind ?? '')}</td><td><span class={`badge ${status_class(one.status ?? '')}`}>{status_name(one.status ?? '')}</span></td><td>{number(one.count)}</td></tr>)}</tbody></table></div>
                )}
            </div>
            <div class="stack">
                <h2>{t.admin.engines}</h2>
                <ul class="rows">
                    <li class="row between"><span>{t.admin.workers}</span><span class={`badge ${told.workers_ready ? 'good' : 'bad'}`}>{told.workers_ready ? t.admin.ready : t.admin.off}</span></li>
                    {told.engines.map((one) => <li key={one.name} class="row between"><span>{one.name}</span><span class={`badge ${one.ready ? 'good' : ''}`}>{one.ready ? t.admin.ready : t.admin.not_set_up}</span></li>)}
                </ul>
                <p class="small muted">{t.admin.doctor} <code class="mono">kinora doctor</code> · {t.admin.version(told.version ?? '')}</p>
            </div>
        </section>
    );
}

function Edit({ user, close, done }: { user: User | null; close: () => void; done: () => Promise<void> }) {
    const [failed, set_failed] = useState('');
    const send = async (event: Event) => {
        event.preventDefault();
        const values = Object.fromEntries(new FormData(event.currentTarget as HTMLFormElement)) as Record<string, string>;
        const body = { username: values.username!, email: values.email!, plan: values.plan as 'free', is_active: !!values.is_active, is_superuser: !!values.is_superuser };
        set_failed('');
        try {
            if (user)
                await call('PUT /api/v1/users/{user_id}', { path: { user_id: user.uuid! }, body: { ...body, ...(values.password && { password: values.password }) } });
            else
                await call('POST /api/v1/users', { body: { ...body, password: values.password! }, headers: once() });
            await done();
            close();
        } catch (error) {
            set_failed((error as Error).message);
        }
    };
    return (
        <Dialog title={user ? t.admin.edit_user(user.username ?? '') : t.admin.add_user} close={close}>
            <form class="stack" onSubmit={send}>
                {failed && <Failure>{failed}</Failure>}
                <TextField label={t.gate.username} name="username" required defaultValue={user?.username ?? ''} autocomplete="off" autofocus />
                <TextField label={t.gate.email} name="email" type="email" required defaultValue={user?.email ?? ''} autocomplete="off" />
                <TextField label={user ? t.profile.new_password : t.gate.password} name="password" type="password" minLength={8} required={!user} autocomplete="new-password" />
                <Select label={t.admin.plan} name="plan" value={user?.plan ?? 'free'} choices={PLANS} />
                <Check label={t.admin.may_sign_in} name="is_active" defaultChecked={user?.is_active ?? true} />
                <Check label={t.admin.superuser} name="is_superuser" defaultChecked={user?.is_superuser ?? false} />
                <footer class="row" style={{ justifyContent: 'flex-end' }}><button class="button main">{t.save}</button></footer>
            </form>
        </Dialog>
    );
}

function Users() {
    const [list, set_list] = useState<User[] | null>(null);
    const [editing, set_editing] = useState<User | null | 'new'>(null);
    const read = async () => {
        const rows = await call('GET /users', { query: { limit: 1000 } });
        set_list(await Promise.all(rows.map((row) => call('GET /api/v1/users/{user_id}', { path: { user_id: row.uuid! } }))));
    };
    useEffect(() => void read().catch(() => set_list([])), []);
    const remove = async (user: User) => {
        if (!(await confirm_it(t.admin.delete_title(user.username ?? ''), t.admin.delete_text, t.delete)))
            return;
        await call('DELETE /users/{user_id}', { path: { user_id: user.uuid! } });
        toast(t.library.deleted(user.username ?? ''));
        await read();
    };
    return (
        <section class="stack">
            <header class="row between"><h2>{t.admin.users}</h2><Button icon="plus" act={() => set_editing('new')}>{t.admin.add_user}</Button></header>
            <div class="table-box">
                <table class="table">
                    <thead><tr><th>{t.gate.username}</th><th>{t.gate.email}</th><th>{t.admin.plan}</th><th>{t.admin.used}</th><th><span class="hidden-text">{t.admin.actions}</span></th></tr></thead>
                    <tbody>
                        {list?.map((user) => (
                            <tr key={user.uuid}>
                                <td>{user.username} {user.is_superuser && <span class="badge">{t.admin.superuser_badge}</span>} {!user.is_active && <span class="badge bad">{t.admin.inactive}</span>}</td>
                                <td>{user.email}</td><td>{user.plan}</td><td>{size(user.used_bytes)}</td>
                                <td><Menu label={t.library.actions(user.username ?? '')} kind="plain tight" items={[
                                    { label: t.admin.edit, icon: 'edit', act: () => set_editing(user) },
                                    { label: t.delete, icon: 'trash', bad: true, disabled: user.uuid === me.value?.uuid, act: () => remove(user) },
                                ]} /></td>
                            </tr>
                        ))}
                    </tbody>
                </table>
            </div>
            {editing && <Edit user={editing === 'new' ? null : editing} close={() => set_editing(null)} done={read} />}
        </section>
    );
}

export default function Admin() {
    return (
        <div class="page">
            <header class="head"><h1>{t.titles.admin}</h1></header>
            <Figures />
            <Users />
            <Settings />
            <Database />
            <Audit />
        </div>
    );
}
