# SPDX-License-Identifier: GPL-3.0-or-later
"""The peer as its documentation shows it: FastAPI with SQLAlchemy sessions and pydantic models over SQLite."""
import hashlib
import hmac
import json
import os
import time
from typing import Any, Optional

import jwt
from fastapi import Depends, FastAPI, HTTPException
from fastapi.security import OAuth2PasswordBearer
from pydantic import BaseModel
from sqlalchemy import Boolean, Column, Float, ForeignKey, Integer, String, create_engine, event
from sqlalchemy.orm import Session, declarative_base, relationship, selectinload, sessionmaker

from peer_data import SECRET

engine = create_engine(f"sqlite:///{os.environ['PEER_DATABASE']}", connect_args={"check_same_thread": False, "timeout": 60})
SessionLocal = sessionmaker(bind=engine, autoflush=False)
Base = declarative_base()
oauth2 = OAuth2PasswordBearer(tokenUrl="token")
app = FastAPI()


@event.listens_for(engine, "connect")
def durable(connection, _record):
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")


class User(Base):
    __tablename__ = "users"
    id = Column(String, primary_key=True)
    is_active = Column(Boolean)
    is_superuser = Column(Boolean)


class LoginSession(Base):
    __tablename__ = "sessions"
    id = Column(String, primary_key=True)
    user_id = Column(String)


class Media(Base):
    __tablename__ = "media"
    media_id = Column(Integer, primary_key=True)
    uuid = Column(String)
    user_id = Column(String)
    file_name = Column(String)
    file_path = Column(String)
    media_type = Column(String)
    mime_type = Column(String)
    size_bytes = Column(Integer)
    duration = Column(Float)
    width = Column(Integer)
    height = Column(Integer)
    status = Column(String)
    created_at = Column(String)
    updated_at = Column(String)


class Video(Base):
    __tablename__ = "videos"
    id = Column(String, primary_key=True)
    user_id = Column(String)
    scenes = relationship("Scene", order_by="Scene.position")


class Scene(Base):
    __tablename__ = "scenes"
    id = Column(String, primary_key=True)
    video_id = Column(String, ForeignKey("videos.id"))
    position = Column(Integer)
    document = Column(String)
    layers = relationship("Layer", order_by="Layer.order_index")


class Layer(Base):
    __tablename__ = "layers"
    id = Column(String, primary_key=True)
    scene_id = Column(String, ForeignKey("scenes.id"))
    type = Column(String)
    name = Column(String)
    enabled = Column(Boolean)
    duration = Column(Float)
    start_time = Column(Float)
    end_time = Column(Float)
    order_index = Column(Integer)
    properties = Column(String)
    revision = Column(Integer)


class Audio(Base):
    __tablename__ = "audio"
    number = Column(Integer, primary_key=True)
    id = Column(String)
    source = Column(String)
    title = Column(String)
    artist = Column(String)
    category = Column(String)
    duration = Column(Float)
    tags = Column(String)
    is_premium = Column(Boolean)


class Favourite(Base):
    __tablename__ = "favourites"
    user_id = Column(String, primary_key=True)
    audio_id = Column(String, primary_key=True)


class Revision(Base):
    __tablename__ = "revisions"
    id = Column(Integer, primary_key=True)
    video_id = Column(String)
    user_id = Column(String)
    kind = Column(String)
    change = Column(String)
    inverse = Column(String)
    created_at = Column(Integer)


class Event(Base):
    __tablename__ = "events"
    id = Column(Integer, primary_key=True)
    kind = Column(String)
    user_id = Column(String)
    video_id = Column(String)
    payload = Column(String)
    created_at = Column(Integer)


class MediaOut(BaseModel):
    media_id: int
    uuid: str
    file_name: str
    file_path: Optional[str]
    media_type: str
    mime_type: str
    size_bytes: int
    duration: Optional[float]
    width: Optional[int]
    height: Optional[int]
    status: str
    content_url: str
    created_at: str
    updated_at: str


class LayerOut(BaseModel):
    id: str
    scene_id: str
    type: str
    name: str
    enabled: bool
    duration: float
    start_time: float
    end_time: float
    order_index: int
    properties: dict[str, Any]
    revision: int


class AudioOut(BaseModel):
    id: str
    title: str
    artist: str
    duration: float
    category: str
    source: str
    tags: list[str]
    url: str
    is_premium: bool
    is_favorite: bool


class LayerIn(BaseModel):
    properties: dict[str, Any]


def database():
    session = SessionLocal()
    try:
        yield session
    finally:
        session.close()


def current_user(token: str = Depends(oauth2), db: Session = Depends(database)) -> User:
    try:
        claims = jwt.decode(token, SECRET, algorithms=["HS256"])
    except jwt.PyJWTError:
        raise HTTPException(401, "The access token is not valid")
    login = db.get(LoginSession, claims["sid"])
    user = db.get(User, claims["sub"]) if login else None
    if not user or not user.is_active:
        raise HTTPException(401, "The access token is not valid")
    return user


def signed_url(uuid: str) -> str:
    expires = int(time.time()) // 3600 * 3600 + 7200
    mac = hmac.new(SECRET.encode(), f"{uuid}:{expires}".encode(), hashlib.sha256).hexdigest()
    return f"/content/media/{uuid}?expires={expires}&signature={mac}"


def layer_out(layer: Layer) -> LayerOut:
    return LayerOut(id=layer.id, scene_id=layer.scene_id, type=layer.type, name=layer.name, enabled=layer.enabled,
                    duration=layer.duration, start_time=layer.start_time, end_time=layer.end_time,
                    order_index=layer.order_index, properties=json.loads(layer.properties), revision=layer.revision)


@app.get("/mediafiles/{media_id}", response_model=MediaOut)
def get_media(media_id: int, user: User = Depends(current_user), db: Session = Depends(database)):
    media = db.get(Media, media_id)
    if not media or (media.user_id != user.id and not user.is_superuser):
        raise HTTPException(404, "There is no such file")
    values = {name: getattr(media, name) for name in MediaOut.__fields__ if name != "content_url"}
    return MediaOut(content_url=signed_url(media.uuid), **values)


@app.get("/api/v1/videos/{video_id}/scenes")
def list_scenes(video_id: str, user: User = Depends(current_user), db: Session = Depends(database)):
    video = db.query(Video).options(selectinload(Video.scenes).selectinload(Scene.layers)).get(video_id)
    if not video or video.user_id != user.id:
        raise HTTPException(404, "There is no such video")
    scenes = [{**json.loads(scene.document), "layers": [layer_out(layer) for layer in scene.layers]}
              for scene in video.scenes]
    return {"success": True, "data": {"scenes": scenes}}


@app.get("/api/v1/audio/library")
def list_audio(type: str = "stock", page: int = 1, limit: int = 20, user: User = Depends(current_user),
               db: Session = Depends(database)):
    wanted = db.query(Audio).filter(Audio.source == type)
    total = wanted.count()
    rows = wanted.order_by(Audio.number).offset((page - 1) * limit).limit(limit).all()
    favourites = {one.audio_id for one in db.query(Favourite).filter(
        Favourite.user_id == user.id, Favourite.audio_id.in_([row.id for row in rows]))}
    audio = [AudioOut(id=row.id, title=row.title, artist=row.artist, duration=row.duration, category=row.category,
                      source=row.source, tags=json.loads(row.tags), url=signed_url(row.id), is_premium=row.is_premium,
                      is_favorite=row.id in favourites) for row in rows]
    return {"success": True, "data": {"audio": audio, "total": total, "page": page, "limit": limit}}


@app.put("/api/v1/layers/{layer_id}")
def update_layer(layer_id: str, body: LayerIn, user: User = Depends(current_user), db: Session = Depends(database)):
    layer = db.get(Layer, layer_id)
    scene = db.get(Scene, layer.scene_id) if layer else None
    video = db.get(Video, scene.video_id) if scene else None
    if not video or video.user_id != user.id:
        raise HTTPException(404, "There is no such layer")
    old, now = json.loads(layer.properties), int(time.time() * 1e6)
    merged = {key: value for key, value in {**old, **body.properties}.items() if value is not None}
    inverse = {key: old.get(key) for key in body.properties}
    layer.properties = json.dumps(merged)
    layer.revision += 1
    db.add(Revision(video_id=video.id, user_id=user.id, kind="layer.update", change=body.json(),
                    inverse=json.dumps({"properties": inverse}), created_at=now))
    answer = layer_out(layer)
    db.add(Event(kind="layer:updated", user_id=user.id, video_id=video.id, created_at=now, payload=json.dumps(
        {"video_id": video.id, "scene_id": scene.id, "layer_id": layer.id, "changes": body.dict(), "layer": answer.dict()})))
    db.commit()
    return {"success": True, "data": {"layer": answer}}


@app.get("/ready")
def ready():
    return {"status": "ready"}
