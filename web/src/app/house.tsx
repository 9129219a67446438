// SPDX-License-Identifier: GPL-3.0-or-later
// The frame around most screens: where one can go, and whether the server is there.
import type { ComponentChildren } from 'preact';
import { state } from '../api/socket.ts';
import icon from '../icon.svg';
import { Icon, type IconName } from '../parts/icon.tsx';
import { running } from '../state/jobs.ts';
import { me } from '../state/me.ts';
import { t } from '../strings/index.ts';

interface Place { screen: string; icon: IconName; name: string; also?: string[] }

export function House({ screen, children }: { screen: string; children: ComponentChildren }) {
    const places: Place[] = [
        { screen: 'library', icon: 'library', name: t.titles.library, also: ['media'] },
        { screen: 'videos', icon: 'film', name: t.titles.videos, also: ['new'] },
        { screen: 'saver', icon: 'link', name: t.titles.saver },
        { screen: 'jobs', icon: 'clock', name: t.titles.jobs },
        ...(me.value?.is_superuser ? [{ screen: 'admin', icon: 'admin' as const, name: t.titles.admin }] : []),
    ];
    const item = (place: Place) => (
        <a key={place.screen} class="item" href={`#/${place.screen}`} aria-current={place.screen === screen || place.also?.includes(screen) ? 'page' : undefined}>
            <Icon name={place.icon} />{place.name}
            {place.screen === 'jobs' && running.value > 0 && <span class="count">{running.value}<span class="hidden-text"> {t.jobs.running}</span></span>}
        </a>
    );
    return (
        <div class="house">
            <nav class="side" aria-label={t.places}>
                <a class="brand" href="#/library"><img src={icon} alt="" />Kinora</a>
                {places.map(item)}
                <span class="grow spread" />
                {item({ screen: 'profile', icon: 'person', name: me.value?.username ?? t.titles.profile })}
            </nav>
            <main id="main" tabIndex={-1}>
                {state.value === 'offline' && <p class="offline" role="status">{t.offline}</p>}
                {children}
            </main>
        </div>
    );
}
