// SPDX-License-Identifier: GPL-3.0-or-later
declare module '*.svg' {
    const url: string;
    export default url;
}
declare module '*.css';
