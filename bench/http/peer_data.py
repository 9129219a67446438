# SPDX-License-Identifier: GPL-3.0-or-later
"""peer_data.py DATABASE < DOCUMENT: the peers' database, holding what our server answered, and a token a user.

DOCUMENT is {"users": [{"media": {...}, "scenes": [...] or null}], "audio": [...]}; prints one token a line. The tables have the
columns and indexes that the answers need, and the same journal and durability as ours.
"""
import json
import sqlite3
import sys
import time
import uuid

import jwt

SECRET = "0123456789abcdef0123456789abcdef"
SCHEMA = """
PRAGMA journal_mode = WAL;
CREATE TABLE users (id TEXT PRIMARY KEY, number INTEGER UNIQUE, is_active BOOLEAN, is_superuser BOOLEAN, plan TEXT);
CREATE TABLE sessions (id TEXT PRIMARY KEY, user_id TEXT);
CREATE TABLE media (media_id INTEGER PRIMARY KEY, uuid TEXT UNIQUE, user_id TEXT, file_name TEXT, file_path TEXT,
    media_type TEXT, mime_type TEXT, size_bytes BIGINT, duration DOUBLE PRECISION, width INTEGER, height INTEGER,
    status TEXT, created_at TEXT, updated_at TEXT);
CREATE TABLE videos (id TEXT PRIMARY KEY, user_id TEXT, revision INTEGER);
CREATE TABLE scenes (id TEXT PRIMARY KEY, video_id TEXT, position INTEGER, document TEXT);
CREATE INDEX scenes_of_video ON scenes (video_id, position);
CREATE TABLE layers (id TEXT PRIMARY KEY, scene_id TEXT, type TEXT, name TEXT, enabled BOOLEAN,
    duration DOUBLE PRECISION, start_time DOUBLE PRECISION, end_time DOUBLE PRECISION, order_index INTEGER,
    properties TEXT, revision INTEGER);
CREATE INDEX layers_of_scene ON layers (scene_id, order_index);
CREATE TABLE revisions (id INTEGER PRIMARY KEY, video_id TEXT, user_id TEXT, kind TEXT, change TEXT, inverse TEXT,
    created_at BIGINT);
CREATE TABLE audio (number INTEGER PRIMARY KEY, id TEXT UNIQUE, source TEXT, title TEXT, artist TEXT, category TEXT,
    duration DOUBLE PRECISION, tags TEXT, is_premium BOOLEAN);
CREATE INDEX audio_of_source ON audio (source, number);
CREATE TABLE favourites (user_id TEXT, audio_id TEXT, PRIMARY KEY (user_id, audio_id));
CREATE TABLE events (id INTEGER PRIMARY KEY, kind TEXT, user_id TEXT, video_id TEXT, payload TEXT, created_at BIGINT);
"""
MEDIA = ("media_id", "uuid", "file_name", "file_path", "media_type", "mime_type", "size_bytes", "duration", "width",
         "height", "status", "created_at", "updated_at")


def add_user(database, number, user):
    user_id, session_id = str(uuid.uuid4()), str(uuid.uuid4())
    media = {**user["media"], "user_id": user_id}
    columns = (*MEDIA, "user_id")
    database.execute("INSERT INTO users VALUES (?, ?, 1, 0, 'free')", (user_id, number))
    database.execute("INSERT INTO sessions VALUES (?, ?)", (session_id, user_id))
    database.execute(f"INSERT INTO media ({','.join(columns)}) VALUES ({','.join('?' * len(columns))})",
                     [media[column] for column in columns])
    for position, scene in enumerate(user["scenes"] or []):
        layers = scene.pop("layers")
        database.execute("INSERT OR IGNORE INTO videos VALUES (?, ?, 1)", (scene["video_id"], user_id))
        database.execute("INSERT INTO scenes VALUES (?, ?, ?, ?)",
                         (scene["id"], scene["video_id"], position, json.dumps(scene)))
        database.executemany("INSERT INTO layers VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1)", [
            (layer["id"], scene["id"], layer["type"], layer["name"], layer["enabled"], layer["duration"],
             layer["start_time"], layer["end_time"], layer["order_index"], json.dumps(layer["properties"]))
            for layer in layers])
    now = int(time.time())
    claims = {"sub": user_id, "sid": session_id, "roles": ["user"], "iat": now, "nbf": now, "exp": now + 86400,
              "jti": str(uuid.uuid4())}
    return jwt.encode(claims, SECRET, "HS256")


def main():
    with sqlite3.connect(sys.argv[1]) as database:
        database.executescript(SCHEMA)
        document = json.load(sys.stdin)
        database.executemany(
            "INSERT INTO audio (id, source, title, artist, category, duration, tags, is_premium) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [(one["id"], one["source"], one["title"], one["artist"], one["category"], one["duration"], json.dumps(one["tags"]),
              one["is_premium"]) for one in document["audio"]])
        for number, user in enumerate(document["users"], 1):
            print(add_user(database, number, user))


if __name__ == "__main__":
    main()
