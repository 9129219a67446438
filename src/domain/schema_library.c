// SPDX-License-Identifier: GPL-3.0-or-later
#include "domain/schema_library.h"

// Libraries: columns, checks and keys as document 001 has them, then ours. Every media file has its row, with the same
// id; stock is described by a pack's stock.json and stays where it is. sort_at: the larger, the nearer to the front.
#define LIBRARY_OF_OURS                                                                                                \
    "  media_id UUID UNIQUE REFERENCES media(id) ON DELETE CASCADE,\n"                                                 \
    "  stock_id UUID UNIQUE REFERENCES stock_item(id) ON DELETE CASCADE,\n"                                            \
    "  search_key TEXT NOT NULL,\n"                                                                                    \
    "  sort_at BIGINT NOT NULL\n"                                                                                      \
    ");\n"
#define LIBRARIES                                                                                                      \
    "CREATE TABLE stock_pack (\n"                                                                                      \
    "  id UUID PRIMARY KEY,\n"                                                                                         \
    "  folder TEXT NOT NULL UNIQUE,\n"                                                                                 \
    "  sha256 TEXT NOT NULL,\n"                                                                                        \
    "  created_at BIGINT NOT NULL\n"                                                                                   \
    ");\n"                                                                                                             \
    "CREATE TABLE stock_item (\n"                                                                                      \
    "  id UUID PRIMARY KEY,\n"                                                                                         \
    "  pack_id UUID NOT NULL REFERENCES stock_pack(id) ON DELETE CASCADE,\n"                                           \
    "  media_type TEXT NOT NULL CHECK (media_type IN ('audio', 'video', 'image', 'gif')),\n"                           \
    "  mime_type TEXT NOT NULL,\n"                                                                                     \
    "  title TEXT NOT NULL,\n"                                                                                         \
    "  file TEXT NOT NULL,\n"                                                                                          \
    "  thumbnail TEXT,\n"                                                                                              \
    "  waveform TEXT,\n"                                                                                               \
    "  size_bytes BIGINT NOT NULL,\n"                                                                                  \
    "  duration DOUBLE PRECISION,\n"                                                                                   \
    "  sha256 TEXT NOT NULL,\n"                                                                                        \
    "  is_premium BOOLEAN NOT NULL,\n"                                                                                 \
    "  is_loop BOOLEAN NOT NULL\n"                                                                                     \
    ");\n"                                                                                                             \
    "CREATE INDEX idx_stock_item_pack ON stock_item(pack_id);\n"                                                       \
    "CREATE TABLE audio_library (\n"                                                                                   \
    "  id UUID PRIMARY KEY DEFAULT gen_random_uuid(),\n"                                                               \
    "  title VARCHAR(255) NOT NULL,\n"                                                                                 \
    "  artist VARCHAR(255),\n"                                                                                         \
    "  duration FLOAT NOT NULL,\n"                                                                                     \
    "  category VARCHAR(50) NOT NULL CHECK (category IN ('music', 'sound_effects')),\n"                                \
    "  tags TEXT[],\n"                                                                                                 \
    "  url TEXT NOT NULL,\n"                                                                                           \
    "  waveform_url TEXT,\n"                                                                                           \
    "  thumbnail_url TEXT,\n"                                                                                          \
    "  source VARCHAR(50) NOT NULL CHECK (source IN ('stock', 'uploaded', 'generated')),\n"                            \
    "  is_premium BOOLEAN DEFAULT false,\n"                                                                            \
    "  user_id UUID REFERENCES users(id),\n"                                                                           \
    "  created_at TIMESTAMP DEFAULT NOW(),\n"                                                                          \
    "  updated_at TIMESTAMP DEFAULT NOW(),\n" LIBRARY_OF_OURS                                                          \
    "CREATE INDEX idx_audio_library_category ON audio_library(category);\n"                                            \
    "CREATE INDEX idx_audio_library_source ON audio_library(source);\n"                                                \
    "CREATE INDEX idx_audio_library_user_id ON audio_library(user_id);\n"                                              \
    "CREATE TABLE audio_favorites (\n"                                                                                 \
    "  user_id UUID REFERENCES users(id) ON DELETE CASCADE,\n"                                                         \
    "  audio_id UUID REFERENCES audio_library(id) ON DELETE CASCADE,\n"                                                \
    "  created_at TIMESTAMP DEFAULT NOW(),\n"                                                                          \
    "  PRIMARY KEY (user_id, audio_id)\n"                                                                              \
    ");\n"                                                                                                             \
    "CREATE INDEX idx_audio_favorites_audio ON audio_favorites(audio_id);\n"                                           \
    "CREATE TABLE media_library (\n"                                                                                   \
    "  id UUID PRIMARY KEY DEFAULT gen_random_uuid(),\n"                                                               \
    "  type VARCHAR(20) NOT NULL CHECK (type IN ('image', 'video', 'gif')),\n"                                         \
    "  title VARCHAR(255) NOT NULL,\n"                                                                                 \
    "  url TEXT NOT NULL,\n"                                                                                           \
    "  thumbnail_url TEXT NOT NULL,\n"                                                                                 \
    "  source VARCHAR(50) NOT NULL CHECK (source IN ('stock', 'ai', 'uploaded')),\n"                                   \
    "  category VARCHAR(100),\n"                                                                                       \
    "  tags TEXT[],\n"                                                                                                 \
    "  dimensions JSONB,\n"                                                                                            \
    "  duration FLOAT,\n"                                                                                              \
    "  is_premium BOOLEAN DEFAULT false,\n"                                                                            \
    "  user_id UUID REFERENCES users(id),\n"                                                                           \
    "  ai_prompt TEXT,\n"                                                                                              \
    "  created_at TIMESTAMP DEFAULT NOW(),\n"                                                                          \
    "  updated_at TIMESTAMP DEFAULT NOW(),\n" LIBRARY_OF_OURS                                                          \
    "CREATE INDEX idx_media_library_type ON media_library(type);\n"                                                    \
    "CREATE INDEX idx_media_library_source ON media_library(source);\n"                                                \
    "CREATE INDEX idx_media_library_user_id ON media_library(user_id);\n"                                              \
    "INSERT INTO audio_library (id, title, duration, category, url, source, user_id, media_id, search_key, sort_at)\n" \
    "  SELECT id, file_name, coalesce(duration, 0), 'music', '/content/media/' || id, 'uploaded', user_id, id,\n"      \
    "    lower(file_name), created_at FROM media WHERE media_type = 'audio';\n"                                        \
    "INSERT INTO media_library (id, type, title, url, thumbnail_url, source, category, duration, user_id, media_id,\n" \
    "  search_key, sort_at) SELECT id, media_type, file_name, '/content/media/' || id,\n"                              \
    "    '/content/derivative/' || id || '/thumbnail', 'uploaded', 'uncategorized', duration, user_id, id,\n"          \
    "    lower(file_name), created_at FROM media WHERE media_type <> 'audio';\n"
// Avatars go with their user by our hand, as document 001 has their foreign key.
const char schema_libraries[] = LIBRARIES "ALTER TABLE avatars DROP CONSTRAINT avatars_user_id_fkey;\n"
                                          "ALTER TABLE avatars ADD FOREIGN KEY (user_id) REFERENCES users(id);\n";
#define AVATAR_COLUMNS                                                                                                 \
    "id, name, gender, style, thumbnail_url, preview_url, video_url, source, is_premium, user_id, parent_avatar_id,"   \
    " look, media_id, created_at, updated_at"
const char schema_libraries_sqlite[] = LIBRARIES
    "CREATE TABLE avatars_before AS SELECT * FROM avatars;\n"
    "DROP TABLE avatars;\n"
    "CREATE TABLE avatars (\n"
    "  id UUID PRIMARY KEY DEFAULT gen_random_uuid(),\n"
    "  name VARCHAR(255) NOT NULL,\n"
    "  gender VARCHAR(20) CHECK (gender IN ('male', 'female', 'neutral')),\n"
    "  style VARCHAR(50),\n"
    "  thumbnail_url TEXT NOT NULL,\n"
    "  preview_url TEXT NOT NULL,\n"
    "  video_url TEXT,\n"
    "  source VARCHAR(50) NOT NULL CHECK (source IN ('stock', 'custom', 'generated')),\n"
    "  is_premium BOOLEAN DEFAULT false,\n"
    "  user_id UUID REFERENCES users(id),\n"
    "  parent_avatar_id UUID REFERENCES avatars(id),\n"
    "  look JSONB,\n"
    "  media_id UUID REFERENCES media(id) ON DELETE CASCADE,\n"
    "  created_at TIMESTAMP DEFAULT NOW(),\n"
    "  updated_at TIMESTAMP DEFAULT NOW()\n"
    ");\n"
    "INSERT INTO avatars (" AVATAR_COLUMNS ") SELECT " AVATAR_COLUMNS " FROM avatars_before;\n"
    "DROP TABLE avatars_before;\n"
    "CREATE INDEX idx_avatars_gender ON avatars(gender);\n"
    "CREATE INDEX idx_avatars_source ON avatars(source);\n"
    "CREATE INDEX idx_avatars_user_id ON avatars(user_id);\n"
    "CREATE INDEX idx_avatars_media ON avatars(media_id);\n";
// How a user wants words to be spoken (word_key is the folded word), and the sounds of jobs "voice".
const char schema_pronunciations[] = "CREATE TABLE pronunciation (\n"
                                     "  id UUID PRIMARY KEY,\n"
                                     "  user_id UUID NOT NULL REFERENCES users(id) ON DELETE CASCADE,\n"
                                     "  word TEXT NOT NULL,\n"
                                     "  word_key TEXT NOT NULL,\n"
                                     "  spoken TEXT NOT NULL,\n"
                                     "  created_at BIGINT NOT NULL,\n"
                                     "  UNIQUE (user_id, word_key)\n"
                                     ");\n"
                                     "CREATE TABLE voice_file (\n"
                                     "  job_id UUID PRIMARY KEY REFERENCES job(id) ON DELETE CASCADE,\n"
                                     "  blob_id UUID NOT NULL REFERENCES blob(id)\n"
                                     ");\n"
                                     "CREATE INDEX idx_voice_file_blob ON voice_file(blob_id);\n";

// Folded by library_fold from now on; of what is there, as near as both databases come by themselves.
const char schema_avatar_search[] = "ALTER TABLE avatars ADD COLUMN search_key TEXT NOT NULL DEFAULT '';\n"
                                    "UPDATE avatars SET search_key = lower(name || ' ' || coalesce(style, ''));\n";
