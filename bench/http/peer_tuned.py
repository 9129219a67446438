# SPDX-License-Identifier: GPL-3.0-or-later
"""The peer at its best: handlers without models or sessions, raw sqlite3, verified tokens kept for a second as ours
are, answers written straight as JSON; run with two processes. Every request still reads its rows."""
import hashlib
import hmac
import json
import os
import sqlite3
import time

import jwt
from fastapi import FastAPI, Request, Response

from peer_data import MEDIA, SECRET

db = sqlite3.connect(os.environ["PEER_DATABASE"], isolation_level=None, timeout=60, cached_statements=256)
db.execute("PRAGMA journal_mode = WAL")
db.execute("PRAGMA synchronous = FULL")
app = FastAPI(openapi_url=None)
tokens = {}
dumps = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, check_circular=False).encode
NOT_FOUND = Response('{"detail":"Not found"}', 404, media_type="application/json")
REFUSED = Response('{"detail":"Not authenticated"}', 401, media_type="application/json")
LAYER = ("id", "scene_id", "type", "name", "enabled", "duration", "start_time", "end_time", "order_index", "properties",
         "revision")
COLUMNS = ", ".join(f"l.{name}" for name in LAYER)


def user_of(request):
    header = request.headers.get("authorization", "")
    known = tokens.get(header)
    now = time.time()
    if known and now - known[0] < 1 and now < known[2]:
        return known[1]
    try:
        claims = jwt.decode(header[7:], SECRET, algorithms=["HS256"])
    except jwt.PyJWTError:
        return None
    row = db.execute("SELECT u.id FROM sessions s JOIN users u ON u.id = s.user_id WHERE s.id = ? AND u.id = ?"
                     " AND u.is_active", (claims["sid"], claims["sub"])).fetchone()
    if not row:
        return None
    if len(tokens) > 4096:
        tokens.clear()
    tokens[header] = (now, row[0], claims["exp"])
    return row[0]


def signed_url(uuid):
    expires = int(time.time()) // 3600 * 3600 + 7200
    mac = hmac.digest(SECRET.encode(), f"{uuid}:{expires}".encode(), hashlib.sha256).hex()
    return f"/content/media/{uuid}?expires={expires}&signature={mac}"


def answer(value):
    return Response(dumps(value), media_type="application/json")


def layer_out(row):
    layer = dict(zip(LAYER, row))
    layer["enabled"] = bool(layer["enabled"])
    layer["properties"] = json.loads(layer["properties"])
    return layer


@app.get("/mediafiles/{media_id}")
async def get_media(media_id: int, request: Request):
    user = user_of(request)
    if not user:
        return REFUSED
    row = db.execute(f"SELECT {','.join(MEDIA)}, user_id FROM media WHERE media_id = ?", (media_id,)).fetchone()
    if not row or row[-1] != user:
        return NOT_FOUND
    media = dict(zip(MEDIA, row))
    media["content_url"] = signed_url(media["uuid"])
    return answer(media)


@app.get("/api/v1/videos/{video_id}/scenes")
async def list_scenes(video_id: str, request: Request):
    user = user_of(request)
    if not user:
        return REFUSED
    if not db.execute("SELECT 1 FROM videos WHERE id = ? AND user_id = ?", (video_id, user)).fetchone():
        return NOT_FOUND
    scenes = {}
    for scene_id, document in db.execute("SELECT id, document FROM scenes WHERE video_id = ? ORDER BY position", (video_id,)):
        scenes[scene_id] = {**json.loads(document), "layers": []}
    for row in db.execute(f"SELECT {COLUMNS} FROM scenes s JOIN layers l ON l.scene_id = s.id WHERE s.video_id = ?"
                          " ORDER BY s.position, l.order_index", (video_id,)):
        scenes[row[1]]["layers"].append(layer_out(row))
    return answer({"success": True, "data": {"scenes": list(scenes.values())}})


@app.get("/api/v1/audio/library")
async def list_audio(request: Request, type: str = "stock", page: int = 1, limit: int = 20):
    user = user_of(request)
    if not user:
        return REFUSED
    total = db.execute("SELECT count(*) FROM audio WHERE source = ?", (type,)).fetchone()[0]
    audio = [{"id": row[0], "title": row[1], "artist": row[2], "duration": row[3], "category": row[4], "source": row[5],
              "tags": json.loads(row[6]), "url": signed_url(row[0]), "is_premium": bool(row[7]), "is_favorite": bool(row[8])}
             for row in db.execute(
                 "SELECT id, title, artist, duration, category, source, tags, is_premium, EXISTS (SELECT 1 FROM favourites f"
                 " WHERE f.user_id = ? AND f.audio_id = a.id) FROM audio a WHERE source = ? ORDER BY number LIMIT ? OFFSET ?",
                 (user, type, limit, (page - 1) * limit))]
    return answer({"success": True, "data": {"audio": audio, "total": total, "page": page, "limit": limit}})


def change(layer_id, user, properties):
    row = db.execute(f"SELECT v.id, {COLUMNS} FROM layers l JOIN scenes s ON s.id = l.scene_id JOIN videos v"
                     " ON v.id = s.video_id WHERE l.id = ? AND v.user_id = ?", (layer_id, user)).fetchone()
    if not row:
        return None
    video_id, layer, now = row[0], layer_out(row[1:]), int(time.time() * 1e6)
    old = layer["properties"]
    inverse = {key: old.get(key) for key in properties}
    layer["properties"] = {key: value for key, value in {**old, **properties}.items() if value is not None}
    layer["revision"] += 1
    db.execute("UPDATE layers SET properties = ?, revision = revision + 1 WHERE id = ?", (dumps(layer["properties"]), layer_id))
    db.execute("INSERT INTO revisions (video_id, user_id, kind, change, inverse, created_at) VALUES (?, ?, ?, ?, ?, ?)", (
        video_id, user, "layer.update", dumps({"properties": properties}), dumps({"properties": inverse}), now))
    db.execute("INSERT INTO events (kind, user_id, video_id, payload, created_at) VALUES (?, ?, ?, ?, ?)", (
        "layer:updated", user, video_id, dumps({"video_id": video_id, "scene_id": layer["scene_id"], "layer_id": layer_id,
                                                "changes": {"properties": properties}, "layer": layer}), now))
    return layer


@app.put("/api/v1/layers/{layer_id}")
async def update_layer(layer_id: str, request: Request):
    user, body = user_of(request), json.loads(await request.body())
    if not user:
        return REFUSED
    db.execute("BEGIN IMMEDIATE")
    layer = change(layer_id, user, body["properties"])
    db.execute("COMMIT")
    return answer({"success": True, "data": {"layer": layer}}) if layer else NOT_FOUND


@app.get("/ready")
async def ready():
    return {"status": "ready"}
