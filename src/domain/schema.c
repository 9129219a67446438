// SPDX-License-Identifier: GPL-3.0-or-later
#include "domain/schema.h"

#include "domain/schema_accounts.h"
#include "domain/schema_backup.h"
#include "domain/schema_library.h"
#include "domain/schema_queue.h"

// Times are microseconds since 1970 (BIGINT) but in the tables that contract 001 prescribes.

static const char users[] = "CREATE TABLE users (\n"
                            "  number BIGSERIAL PRIMARY KEY,\n"
                            "  id UUID NOT NULL UNIQUE,\n"
                            "  username TEXT NOT NULL,\n"
                            "  username_key TEXT NOT NULL UNIQUE,\n" // folded, so that names differ by more than case
                            "  email TEXT NOT NULL,\n"
                            "  email_key TEXT NOT NULL UNIQUE,\n"
                            "  password_hash TEXT NOT NULL,\n"
                            "  is_active BOOLEAN NOT NULL,\n"
                            "  is_superuser BOOLEAN NOT NULL,\n"
                            "  plan TEXT NOT NULL CHECK (plan IN ('free', 'pro', 'business')),\n"
                            "  created_at BIGINT NOT NULL,\n"
                            "  updated_at BIGINT NOT NULL\n"
                            ");\n"
                            "CREATE TABLE session (\n"
                            "  id UUID PRIMARY KEY,\n"
                            "  user_id UUID NOT NULL REFERENCES users(id) ON DELETE CASCADE,\n"
                            "  refresh_hash BYTEA NOT NULL UNIQUE,\n"
                            "  created_at BIGINT NOT NULL,\n"
                            "  expires_at BIGINT NOT NULL\n"
                            ");\n"
                            "CREATE INDEX idx_session_user ON session(user_id);\n"
                            "CREATE TABLE secret (\n"
                            "  name TEXT PRIMARY KEY,\n"
                            "  sealed BYTEA NOT NULL\n"
                            ");\n";

static const char media[] = "CREATE TABLE blob (\n"
                            "  id UUID PRIMARY KEY,\n"
                            "  size_bytes BIGINT NOT NULL,\n"
                            "  stored_bytes BIGINT NOT NULL,\n"
                            "  sha256 BYTEA NOT NULL,\n"
                            "  sealed_key BYTEA NOT NULL,\n"
                            "  created_at BIGINT NOT NULL\n"
                            ");\n"
                            "CREATE TABLE media (\n"
                            "  number BIGSERIAL PRIMARY KEY,\n"
                            "  id UUID NOT NULL UNIQUE,\n"
                            "  user_id UUID NOT NULL REFERENCES users(id) ON DELETE CASCADE,\n"
                            "  blob_id UUID NOT NULL REFERENCES blob(id),\n"
                            "  file_name TEXT NOT NULL,\n"
                            "  file_path TEXT NOT NULL,\n"
                            "  media_type TEXT NOT NULL CHECK (media_type IN ('audio', 'video', 'image', 'gif')),\n"
                            "  mime_type TEXT NOT NULL,\n"
                            "  size_bytes BIGINT NOT NULL,\n"
                            "  duration DOUBLE PRECISION,\n"
                            "  width BIGINT,\n"
                            "  height BIGINT,\n"
                            "  has_audio BOOLEAN NOT NULL,\n"
                            "  status TEXT NOT NULL,\n"
                            "  probe JSONB NOT NULL,\n"
                            "  created_at BIGINT NOT NULL,\n"
                            "  updated_at BIGINT NOT NULL,\n"
                            "  completed_at BIGINT\n"
                            ");\n"
                            "CREATE INDEX idx_media_user ON media(user_id, number);\n"
                            "CREATE INDEX idx_media_blob ON media(blob_id);\n";

static const char jobs[] = "CREATE TABLE job (\n"
                           "  number BIGSERIAL PRIMARY KEY,\n"
                           "  id UUID NOT NULL UNIQUE,\n"
                           "  kind TEXT NOT NULL,\n"
                           "  user_id UUID NOT NULL REFERENCES users(id) ON DELETE CASCADE,\n"
                           "  media_id UUID REFERENCES media(id) ON DELETE CASCADE,\n"
                           "  video_id UUID,\n"
                           "  parent BIGINT REFERENCES job(number) ON DELETE CASCADE,\n"
                           "  part BIGINT NOT NULL,\n"
                           "  stage TEXT NOT NULL CHECK (stage IN ('start', 'part', 'join')),\n"
                           "  state TEXT NOT NULL CHECK (state IN\n"
                           "    ('pending', 'processing', 'waiting', 'completed', 'failed', 'cancelled')),\n"
                           "  priority BIGINT NOT NULL,\n"
                           "  params JSONB NOT NULL,\n"
                           "  result JSONB,\n"
                           "  error_code TEXT,\n"
                           "  error_message TEXT,\n"
                           "  progress DOUBLE PRECISION NOT NULL,\n"
                           "  parts_total BIGINT NOT NULL,\n"
                           "  attempts BIGINT NOT NULL,\n"
                           "  retry_count BIGINT NOT NULL,\n"
                           "  unique_key TEXT UNIQUE,\n" // set while pending or processing
                           "  run_after BIGINT NOT NULL,\n"
                           "  runner_id UUID,\n"
                           "  lease_until BIGINT,\n"
                           "  fence BIGINT NOT NULL,\n"
                           "  trace_id TEXT NOT NULL,\n"
                           "  created_at BIGINT NOT NULL,\n"
                           "  started_at BIGINT,\n"
                           "  finished_at BIGINT\n"
                           ");\n"
                           "CREATE INDEX idx_job_claim ON job(priority DESC, number) WHERE state = 'pending';\n"
                           "CREATE INDEX idx_job_lease ON job(lease_until) WHERE state = 'processing';\n"
                           "CREATE INDEX idx_job_user ON job(user_id, number);\n"
                           "CREATE INDEX idx_job_media ON job(media_id, number);\n"
                           "CREATE INDEX idx_job_video ON job(video_id, number);\n"
                           "CREATE INDEX idx_job_parent ON job(parent, part);\n";

static const char transcriptions[] =
    "CREATE TABLE transcription (\n"
    "  number BIGSERIAL PRIMARY KEY,\n"
    "  id UUID NOT NULL UNIQUE,\n"
    "  user_id UUID NOT NULL REFERENCES users(id) ON DELETE CASCADE,\n"
    "  media_id UUID NOT NULL REFERENCES media(id) ON DELETE CASCADE,\n"
    "  job_id UUID UNIQUE REFERENCES job(id) ON DELETE SET NULL,\n"
    "  text TEXT NOT NULL,\n"
    "  language TEXT,\n"
    "  duration DOUBLE PRECISION,\n"
    "  word_count BIGINT NOT NULL,\n"
    "  confidence DOUBLE PRECISION,\n"
    "  created_at BIGINT NOT NULL,\n"
    "  updated_at BIGINT NOT NULL\n"
    ");\n"
    "CREATE INDEX idx_transcription_user ON transcription(user_id, number);\n"
    "CREATE INDEX idx_transcription_media ON transcription(media_id);\n"
    "CREATE TABLE segment (\n"
    "  id UUID PRIMARY KEY,\n"
    "  transcription_id UUID NOT NULL REFERENCES transcription(id) ON DELETE CASCADE,\n"
    "  position BIGINT NOT NULL,\n"
    "  start_time DOUBLE PRECISION NOT NULL,\n"
    "  end_time DOUBLE PRECISION NOT NULL,\n"
    "  text TEXT NOT NULL,\n"
    "  speaker TEXT NOT NULL,\n"
    "  words JSONB NOT NULL\n"
    ");\n"
    "CREATE INDEX idx_segment_transcription ON segment(transcription_id, position);\n";

static const char videos[] = "CREATE TABLE video (\n"
                             "  number BIGSERIAL PRIMARY KEY,\n"
                             "  id UUID NOT NULL UNIQUE,\n"
                             "  user_id UUID NOT NULL REFERENCES users(id) ON DELETE CASCADE,\n"
                             "  title TEXT NOT NULL,\n"
                             "  properties JSONB NOT NULL,\n"
                             "  revision BIGINT NOT NULL,\n"
                             "  created_at BIGINT NOT NULL,\n"
                             "  updated_at BIGINT NOT NULL\n"
                             ");\n"
                             "CREATE INDEX idx_video_user ON video(user_id, number);\n"
                             "CREATE TABLE scenes (\n"
                             "  id UUID PRIMARY KEY,\n"
                             "  video_id UUID NOT NULL REFERENCES video(id) ON DELETE CASCADE,\n"
                             "  scene_number BIGINT NOT NULL,\n"
                             "  text TEXT NOT NULL,\n"
                             "  duration DOUBLE PRECISION NOT NULL,\n"
                             "  properties JSONB NOT NULL,\n" // duration_mode, background, transition
                             "  is_expanded BOOLEAN NOT NULL,\n"
                             "  revision BIGINT NOT NULL,\n"
                             "  created_at BIGINT NOT NULL,\n"
                             "  updated_at BIGINT NOT NULL\n"
                             ");\n"
                             "CREATE INDEX idx_scenes_video ON scenes(video_id, scene_number);\n"
                             "CREATE TABLE scenes_layers (\n"
                             "  id UUID PRIMARY KEY DEFAULT gen_random_uuid(),\n"
                             "  scene_id UUID NOT NULL REFERENCES scenes(id) ON DELETE CASCADE,\n"
                             "  type VARCHAR(20) NOT NULL CHECK (type IN\n"
                             "    ('audio', 'voiceover', 'text', 'media', 'shape', 'avatar', 'effect')),\n"
                             "  name VARCHAR(255) NOT NULL,\n"
                             "  enabled BOOLEAN DEFAULT true,\n"
                             "  duration FLOAT NOT NULL,\n"
                             "  start_time FLOAT NOT NULL,\n"
                             "  end_time FLOAT NOT NULL,\n"
                             "  order_index INTEGER NOT NULL,\n"
                             "  properties JSONB NOT NULL DEFAULT '{}',\n"
                             "  revision BIGINT NOT NULL DEFAULT 1,\n"
                             "  created_at TIMESTAMP DEFAULT NOW(),\n"
                             "  updated_at TIMESTAMP DEFAULT NOW()\n"
                             ");\n"
                             "CREATE INDEX idx_scenes_layers_scene_id ON scenes_layers(scene_id);\n"
                             "CREATE INDEX idx_scenes_layers_type ON scenes_layers(type);\n"
                             "CREATE TABLE revision (\n"
                             "  number BIGSERIAL PRIMARY KEY,\n"
                             "  video_id UUID NOT NULL REFERENCES video(id) ON DELETE CASCADE,\n"
                             "  user_id UUID NOT NULL,\n"
                             "  kind TEXT NOT NULL,\n"
                             "  target_id UUID NOT NULL,\n"
                             "  change JSONB NOT NULL,\n"
                             "  inverse JSONB NOT NULL,\n"
                             "  created_at BIGINT NOT NULL\n"
                             ");\n"
                             "CREATE INDEX idx_revision_video ON revision(video_id, number);\n";

static const char events[] = "CREATE TABLE event (\n"
                             "  number BIGSERIAL PRIMARY KEY,\n"
                             "  kind TEXT NOT NULL,\n"
                             "  user_id UUID NOT NULL,\n"
                             "  video_id UUID,\n"
                             "  media_id UUID,\n"
                             "  session_id UUID,\n" // whose change it was: not echoed there
                             "  payload JSONB NOT NULL,\n"
                             "  created_at BIGINT NOT NULL\n"
                             ");\n"
                             "CREATE TABLE cache (\n" // made again when lost: speech, rendered segments
                             "  key TEXT PRIMARY KEY,\n"
                             "  blob_id UUID NOT NULL REFERENCES blob(id),\n"
                             "  facts JSONB NOT NULL,\n"
                             "  size_bytes BIGINT NOT NULL,\n"
                             "  used_at BIGINT NOT NULL\n"
                             ");\n"
                             "CREATE INDEX idx_cache_used ON cache(used_at);\n"
                             "CREATE INDEX idx_cache_blob ON cache(blob_id);\n";

static const char films[] = "CREATE TABLE film_file (\n"
                            "  job_id UUID PRIMARY KEY REFERENCES job(id) ON DELETE CASCADE,\n"
                            "  video_id UUID NOT NULL REFERENCES video(id) ON DELETE CASCADE,\n"
                            "  blob_id UUID NOT NULL REFERENCES blob(id),\n"
                            "  mime_type TEXT NOT NULL,\n"
                            "  duration DOUBLE PRECISION NOT NULL,\n"
                            "  width BIGINT NOT NULL,\n"
                            "  height BIGINT NOT NULL,\n"
                            "  size_bytes BIGINT NOT NULL,\n"
                            "  created_at BIGINT NOT NULL\n"
                            ");\n"
                            "CREATE INDEX idx_film_file_video ON film_file(video_id, created_at);\n"
                            "CREATE INDEX idx_film_file_blob ON film_file(blob_id);\n";

// What stands beside a film: poster.jpg, subtitles.srt, subtitles.vtt.
static const char film_extras[] = "CREATE TABLE film_extra (\n"
                                  "  job_id UUID NOT NULL REFERENCES job(id) ON DELETE CASCADE,\n"
                                  "  name TEXT NOT NULL,\n"
                                  "  blob_id UUID NOT NULL REFERENCES blob(id),\n"
                                  "  mime_type TEXT NOT NULL,\n"
                                  "  PRIMARY KEY (job_id, name)\n"
                                  ");\n"
                                  "CREATE INDEX idx_film_extra_blob ON film_extra(blob_id);\n";

// Not used any more: see event_numbers.
static const char event_order[] = "ALTER TABLE event ADD COLUMN xid xid8 NOT NULL DEFAULT pg_current_xact_id();\n"
                                  "CREATE INDEX idx_event_order ON event(xid, number);\n";

// How far the parts are, without reading their params, which may be long.
static const char part_progress[] = "CREATE INDEX idx_job_part_progress ON job(parent, state, progress)"
                                    " WHERE parent IS NOT NULL;\n";

// What a repeated POST is answered.
static const char kept_answers[] = "CREATE TABLE kept_answer (\n"
                                   "  user_id UUID NOT NULL REFERENCES users(id) ON DELETE CASCADE,\n"
                                   "  key TEXT NOT NULL,\n"
                                   "  request BYTEA NOT NULL,\n"
                                   "  status BIGINT NOT NULL,\n"
                                   "  answer BYTEA NOT NULL,\n"
                                   "  created_at BIGINT NOT NULL,\n"
                                   "  PRIMARY KEY (user_id, key)\n"
                                   ");\n"
                                   "CREATE INDEX idx_kept_answer_age ON kept_answer(user_id, created_at);\n";

static const char members[] = "CREATE TABLE video_member (\n"
                              "  video_id UUID NOT NULL REFERENCES video(id) ON DELETE CASCADE,\n"
                              "  user_id UUID NOT NULL REFERENCES users(id) ON DELETE CASCADE,\n"
                              "  role TEXT NOT NULL CHECK (role IN ('editor', 'viewer')),\n"
                              "  created_at BIGINT NOT NULL,\n"
                              "  PRIMARY KEY (video_id, user_id)\n"
                              ");\n"
                              "CREATE INDEX idx_video_member_user ON video_member(user_id);\n";

// Files that only a job is about.
static const char job_inputs[] = "CREATE TABLE job_input (\n"
                                 "  job_id UUID PRIMARY KEY REFERENCES job(id) ON DELETE CASCADE,\n"
                                 "  blob_id UUID NOT NULL REFERENCES blob(id)\n"
                                 ");\n"
                                 "CREATE INDEX idx_job_input_blob ON job_input(blob_id);\n";
// Where the bytes of a blob are.
static const char blob_places[] = "ALTER TABLE blob ADD COLUMN place TEXT NOT NULL DEFAULT 'local'"
                                  " CHECK (place IN ('local', 's3'));\n";

// A user's X25519 pair (no private half: the user keeps it), and each file's data key sealed to those who may read it:
// its owner and whom it is shared with. Rows of the owner are not is_shared; the index finds the others.
static const char keys[] = "CREATE TABLE user_key (\n"
                           "  user_id UUID PRIMARY KEY REFERENCES users(id) ON DELETE CASCADE,\n"
                           "  public_key BYTEA NOT NULL,\n"
                           "  sealed_private_key BYTEA,\n"
                           "  created_at BIGINT NOT NULL\n"
                           ");\n"
                           "CREATE TABLE file_key (\n"
                           "  media_id UUID NOT NULL REFERENCES media(id) ON DELETE CASCADE,\n"
                           "  user_id UUID NOT NULL REFERENCES users(id) ON DELETE CASCADE,\n"
                           "  sealed_key BYTEA NOT NULL,\n"
                           "  created_at BIGINT NOT NULL,\n"
                           "  is_shared BOOLEAN NOT NULL DEFAULT true,\n"
                           "  PRIMARY KEY (media_id, user_id)\n"
                           ");\n"
                           "CREATE INDEX idx_file_key_user ON file_key(user_id);\n"
                           "CREATE INDEX idx_file_key_shared ON file_key(user_id, media_id) WHERE is_shared;\n";
static const char derivatives[] = "CREATE TABLE derivative (\n"
                                  "  media_id UUID NOT NULL REFERENCES media(id) ON DELETE CASCADE,\n"
                                  "  kind TEXT NOT NULL CHECK (kind IN\n"
                                  "    ('thumbnail', 'poster', 'waveform', 'proxy', 'edit')),\n"
                                  "  blob_id UUID NOT NULL REFERENCES blob(id),\n"
                                  "  mime_type TEXT NOT NULL,\n"
                                  "  width BIGINT,\n"
                                  "  height BIGINT,\n"
                                  "  created_at BIGINT NOT NULL,\n"
                                  "  PRIMARY KEY (media_id, kind)\n"
                                  ");\n"
                                  "CREATE INDEX idx_derivative_blob ON derivative(blob_id);\n";
// Resumable uploads, whose bytes stand in parts until the last has come; quotas.
static const char uploads[] = "ALTER TABLE users ADD COLUMN quota_bytes BIGINT;\n" // null: the server's default
                              "CREATE TABLE upload (\n"
                              "  id UUID PRIMARY KEY,\n" // and of the file that it becomes
                              "  user_id UUID NOT NULL REFERENCES users(id) ON DELETE CASCADE,\n"
                              "  metadata TEXT NOT NULL,\n"
                              "  length_bytes BIGINT NOT NULL,\n"
                              "  offset_bytes BIGINT NOT NULL,\n"
                              "  finished BOOLEAN NOT NULL,\n"
                              "  created_at BIGINT NOT NULL,\n"
                              "  expires_at BIGINT NOT NULL\n"
                              ");\n"
                              "CREATE INDEX idx_upload_user ON upload(user_id);\n"
                              "CREATE INDEX idx_upload_expiry ON upload(expires_at);\n"
                              "CREATE TABLE upload_part (\n"
                              "  upload_id UUID NOT NULL REFERENCES upload(id) ON DELETE CASCADE,\n"
                              "  first_byte BIGINT NOT NULL,\n"
                              "  blob_id UUID NOT NULL REFERENCES blob(id),\n"
                              "  PRIMARY KEY (upload_id, first_byte)\n"
                              ");\n"
                              "CREATE INDEX idx_upload_part_blob ON upload_part(blob_id);\n"
                              "CREATE INDEX idx_media_usage ON media(user_id, size_bytes);\n";
// Content that its owner has already is found by its hash.
static const char blob_content[] = "CREATE INDEX idx_blob_content ON blob(sha256);\n";
static const char sockets[] = "ALTER TABLE event ADD COLUMN socket_id TEXT;\n"; // whose change it was, more closely

// What search.h describes. Rows go with what they are about; source: enum search_source of search.h.
#define SEARCH_ENTRY                                                                                                   \
    "CREATE TABLE search_entry (\n"                                                                                    \
    "  number BIGSERIAL PRIMARY KEY,\n"                                                                                \
    "  kind TEXT NOT NULL CHECK (kind IN ('media', 'segment', 'video', 'scene', 'layer')),\n"                          \
    "  media_id UUID REFERENCES media(id) ON DELETE CASCADE,\n"                                                        \
    "  transcription_id UUID REFERENCES transcription(id) ON DELETE CASCADE,\n"                                        \
    "  segment_id UUID,\n"                                                                                             \
    "  video_id UUID REFERENCES video(id) ON DELETE CASCADE,\n"                                                        \
    "  scene_id UUID REFERENCES scenes(id) ON DELETE CASCADE,\n"                                                       \
    "  layer_id UUID,\n"                                                                                               \
    "  weight BIGINT NOT NULL,\n"                                                                                      \
    "  length BIGINT NOT NULL,\n"                                                                                      \
    "  sort_at BIGINT NOT NULL,\n"                                                                                     \
    "  start_time DOUBLE PRECISION NOT NULL,\n"                                                                        \
    "  text TEXT NOT NULL,\n"
#define SEARCH_INDEXES                                                                                                 \
    "CREATE INDEX idx_search_entry_media ON search_entry(media_id, kind);\n"                                           \
    "CREATE INDEX idx_search_entry_transcription ON search_entry(transcription_id, start_time);\n"                     \
    "CREATE INDEX idx_search_entry_video ON search_entry(video_id, kind);\n"                                           \
    "CREATE INDEX idx_search_entry_scene ON search_entry(scene_id);\n"                                                 \
    "CREATE TABLE search_pending (\n"                                                                                  \
    "  source BIGINT NOT NULL,\n"                                                                                      \
    "  id UUID NOT NULL,\n"                                                                                            \
    "  PRIMARY KEY (source, id)\n"                                                                                     \
    ");\n"                                                                                                             \
    "INSERT INTO search_pending (source, id) SELECT 0, id FROM media UNION ALL SELECT 1, id FROM transcription\n"      \
    "  UNION ALL SELECT 2, id FROM video UNION ALL SELECT 3, id FROM scenes;\n"
// Corrections of transcripts, and the names of their speakers.
#define SEGMENT_REVISIONS                                                                                              \
    "CREATE TABLE segment_revision (\n"                                                                                \
    "  number BIGSERIAL PRIMARY KEY,\n"                                                                                \
    "  transcription_id UUID NOT NULL REFERENCES transcription(id) ON DELETE CASCADE,\n"                               \
    "  user_id UUID NOT NULL,\n"                                                                                       \
    "  kind TEXT NOT NULL,\n"                                                                                          \
    "  change JSONB NOT NULL,\n"                                                                                       \
    "  inverse JSONB NOT NULL,\n"                                                                                      \
    "  created_at BIGINT NOT NULL\n"                                                                                   \
    ");\n"                                                                                                             \
    "CREATE INDEX idx_segment_revision ON segment_revision(transcription_id, number);\n"                               \
    "CREATE TABLE speaker_name (\n"                                                                                    \
    "  transcription_id UUID NOT NULL REFERENCES transcription(id) ON DELETE CASCADE,\n"                               \
    "  speaker TEXT NOT NULL,\n"                                                                                       \
    "  name TEXT NOT NULL,\n"                                                                                          \
    "  PRIMARY KEY (transcription_id, speaker)\n"                                                                      \
    ");\n"

static const char search[] = SEARCH_ENTRY
    "  tokens tsvector NOT NULL\n"
    ");\n"
    "CREATE INDEX idx_search_entry_tokens ON search_entry USING GIN (tokens);\n" SEARCH_INDEXES SEGMENT_REVISIONS;
// The index keeps no copy of the tokens: it reads those of the table. The tokenizer takes bytes above 127 for letters.
static const char search_sqlite[] = SEARCH_ENTRY
    "  words TEXT NOT NULL,\n"
    "  joined TEXT NOT NULL\n"
    ");\n"
    "CREATE VIRTUAL TABLE search_index USING fts5(words, joined, content = 'search_entry', content_rowid = 'number',"
    " tokenize = 'ascii', columnsize = 0);\n"
    "CREATE TRIGGER search_entry_added AFTER INSERT ON search_entry BEGIN\n"
    "  INSERT INTO search_index (rowid, words, joined) VALUES (new.number, new.words, new.joined);\n"
    "END;\n"
    "CREATE TRIGGER search_entry_deleted AFTER DELETE ON search_entry BEGIN\n"
    "  INSERT INTO search_index (search_index, rowid, words, joined)\n"
    "    VALUES ('delete', old.number, old.words, old.joined);\n"
    "END;\n" SEARCH_INDEXES SEGMENT_REVISIONS;
// undo_of 0: it can be neither undone nor done again, like older revisions, whose patches have another form.
static const char history[] = "ALTER TABLE revision ADD COLUMN undo_of BIGINT;\n"
                              "UPDATE revision SET undo_of = 0;\n"
                              "ALTER TABLE revision ADD COLUMN undone BOOLEAN NOT NULL DEFAULT false;\n"
                              "ALTER TABLE revision ADD COLUMN scene_id UUID;\n"
                              "ALTER TABLE revision ADD COLUMN subject TEXT NOT NULL DEFAULT '';\n"
                              "CREATE INDEX idx_revision_undo ON revision(undo_of) WHERE undo_of IS NOT NULL;\n"
                              "CREATE INDEX idx_revision_redo ON revision(video_id, user_id)"
                              " WHERE undone AND undo_of IS NULL;\n"
                              "CREATE TABLE version (\n"
                              "  id UUID PRIMARY KEY,\n"
                              "  video_id UUID NOT NULL REFERENCES video(id) ON DELETE CASCADE,\n"
                              "  user_id UUID NOT NULL,\n"
                              "  name TEXT NOT NULL,\n"
                              "  revision BIGINT NOT NULL,\n"
                              "  state JSONB NOT NULL,\n"
                              "  created_at BIGINT NOT NULL\n"
                              ");\n"
                              "CREATE INDEX idx_version_video ON version(video_id, created_at);\n";
// As document 001 has it, and how it is drawn or which picture it is. Everybody's stand in the program.
static const char avatars[] = "CREATE TABLE avatars (\n"
                              "  id UUID PRIMARY KEY DEFAULT gen_random_uuid(),\n"
                              "  name VARCHAR(255) NOT NULL,\n"
                              "  gender VARCHAR(20) CHECK (gender IN ('male', 'female', 'neutral')),\n"
                              "  style VARCHAR(50),\n"
                              "  thumbnail_url TEXT NOT NULL,\n"
                              "  preview_url TEXT NOT NULL,\n"
                              "  video_url TEXT,\n"
                              "  source VARCHAR(50) NOT NULL CHECK (source IN ('stock', 'custom', 'generated')),\n"
                              "  is_premium BOOLEAN DEFAULT false,\n"
                              "  user_id UUID REFERENCES users(id) ON DELETE CASCADE,\n"
                              "  parent_avatar_id UUID REFERENCES avatars(id),\n"
                              "  look JSONB,\n"
                              "  media_id UUID REFERENCES media(id) ON DELETE CASCADE,\n"
                              "  created_at TIMESTAMP DEFAULT NOW(),\n"
                              "  updated_at TIMESTAMP DEFAULT NOW()\n"
                              ");\n"
                              "CREATE INDEX idx_avatars_gender ON avatars(gender);\n"
                              "CREATE INDEX idx_avatars_source ON avatars(source);\n"
                              "CREATE INDEX idx_avatars_user_id ON avatars(user_id);\n"
                              "CREATE INDEX idx_avatars_media ON avatars(media_id);\n";

// What watches the web: links, what each has saved already, how its runs went. A record outlives its link. The wait
// after a look is the interval times wait_factor, which failures raise.
static const char links[] =
    "CREATE TABLE setting (\n"
    "  name TEXT PRIMARY KEY,\n"
    "  value TEXT,\n"
    "  sealed BYTEA,\n" // instead of value, of secrets
    "  updated_at BIGINT NOT NULL\n"
    ");\n"
    "CREATE TABLE link (\n"
    "  number BIGSERIAL PRIMARY KEY,\n"
    "  id UUID NOT NULL UNIQUE,\n"
    "  user_id UUID NOT NULL REFERENCES users(id) ON DELETE CASCADE,\n"
    "  url TEXT NOT NULL,\n"
    "  name TEXT NOT NULL,\n"
    "  type TEXT NOT NULL CHECK (type IN ('youtube_channel', 'youtube_playlist', 'pixiv_user',\n"
    "    'generic_video', 'generic_gallery', 'podcast_feed', 'direct')),\n"
    "  tags JSONB NOT NULL,\n"
    "  sealed_cookies BYTEA,\n"
    "  is_enabled BOOLEAN NOT NULL,\n"
    "  download_automatically BOOLEAN NOT NULL,\n"
    "  transcribe BOOLEAN NOT NULL,\n"
    "  audio_only BOOLEAN NOT NULL,\n"
    "  max_items BIGINT NOT NULL,\n" // 0: no limit of its own
    "  keep_last BIGINT NOT NULL,\n" // 0: all
    "  quality TEXT NOT NULL,\n"
    "  title_include TEXT NOT NULL,\n"
    "  title_exclude TEXT NOT NULL,\n"
    "  last_checked_at BIGINT,\n"
    "  last_status TEXT,\n"
    "  last_error TEXT,\n"
    "  last_failure TEXT,\n"
    "  failures BIGINT NOT NULL,\n" // in a row
    "  wait_factor DOUBLE PRECISION NOT NULL,\n"
    "  created_at BIGINT NOT NULL,\n"
    "  updated_at BIGINT NOT NULL\n"
    ");\n"
    "CREATE INDEX idx_link_user ON link(user_id, number);\n"
    "CREATE TABLE link_item (\n"
    "  number BIGSERIAL PRIMARY KEY,\n"
    "  link_id UUID NOT NULL REFERENCES link(id) ON DELETE CASCADE,\n"
    "  key TEXT NOT NULL,\n" // extractor and id
    "  sha256 BYTEA,\n"
    "  media_id UUID REFERENCES media(id) ON DELETE SET NULL,\n"
    "  created_at BIGINT NOT NULL,\n"
    "  UNIQUE (link_id, key)\n"
    ");\n"
    "CREATE INDEX idx_link_item_content ON link_item(link_id, sha256);\n"
    "CREATE INDEX idx_link_item_media ON link_item(media_id);\n"
    "CREATE TABLE download_record (\n"
    "  number BIGSERIAL PRIMARY KEY,\n"
    "  user_id UUID NOT NULL REFERENCES users(id) ON DELETE CASCADE,\n"
    "  link_number BIGINT NOT NULL,\n"
    "  link_name TEXT NOT NULL,\n"
    "  status TEXT NOT NULL CHECK (status IN ('success', 'partial', 'failure', 'cancelled')),\n"
    "  message TEXT NOT NULL,\n"
    "  failure TEXT,\n"
    "  advice TEXT,\n"
    "  files JSONB NOT NULL,\n"
    "  media_numbers JSONB NOT NULL,\n"
    "  media_uuids JSONB NOT NULL,\n"
    "  created_at BIGINT NOT NULL\n"
    ");\n"
    "CREATE INDEX idx_download_record_user ON download_record(user_id, number);\n"
    "CREATE INDEX idx_download_record_link ON download_record(link_number, number);\n";
// Who asked for a new password, not yet answered, known or not; and the tokens that were sent.
static const char resets[] = "CREATE TABLE reset_request (\n"
                             "  number BIGSERIAL PRIMARY KEY,\n"
                             "  email_key TEXT NOT NULL,\n"
                             "  attempts BIGINT NOT NULL,\n"
                             "  run_after BIGINT NOT NULL,\n"
                             "  created_at BIGINT NOT NULL\n"
                             ");\n"
                             "CREATE TABLE reset_token (\n"
                             "  hash BYTEA PRIMARY KEY,\n"
                             "  user_id UUID NOT NULL REFERENCES users(id) ON DELETE CASCADE,\n"
                             "  expires_at BIGINT NOT NULL\n"
                             ");\n"
                             "CREATE INDEX idx_reset_token_user ON reset_token(user_id);\n";

// A key stands on a session of its own: links, sockets and revoking are that one's. Scopes: bits of enum actor_scope.
static const char api_keys[] = "CREATE TABLE api_key (\n"
                               "  id UUID PRIMARY KEY REFERENCES session(id) ON DELETE CASCADE,\n"
                               "  user_id UUID NOT NULL REFERENCES users(id) ON DELETE CASCADE,\n"
                               "  name TEXT NOT NULL,\n"
                               "  prefix TEXT NOT NULL,\n"
                               "  hash BYTEA NOT NULL UNIQUE,\n"
                               "  scopes BIGINT NOT NULL,\n"
                               "  created_at BIGINT NOT NULL,\n"
                               "  last_used_at BIGINT,\n"
                               "  expires_at BIGINT\n"
                               ");\n"
                               "CREATE INDEX idx_api_key_user ON api_key(user_id, created_at);\n";

// Who takes a number is known as a change under way before: followers wait for those at a gap.
static const char event_numbers[] = "ALTER TABLE event ALTER COLUMN number SET DEFAULT"
                                    " CASE WHEN pg_current_xact_id() IS NULL THEN 0"
                                    " ELSE nextval('event_number_seq') END;\n"
                                    "DROP INDEX idx_event_order;\n"
                                    "ALTER TABLE event DROP COLUMN xid;\n";

// What may not be tried too often: how many attempts are left, and when that was so. Keys are hashes.
static const char attempts[] = "CREATE TABLE attempt (\n"
                               "  key BYTEA PRIMARY KEY,\n"
                               "  allowance DOUBLE PRECISION NOT NULL,\n"
                               "  at BIGINT NOT NULL\n"
                               ");\n"
                               "CREATE INDEX idx_attempt_at ON attempt(at);\n";

// Of what queued the job: the end of a traceparent (span_origin).
static const char job_spans[] = "ALTER TABLE job ADD COLUMN parent_span TEXT;\n";

const struct db_migration schema_migrations[] = {
    { 1, "users, sessions, secrets", users, NULL },
    { 2, "blobs and media", media, NULL },
    { 3, "jobs", jobs, NULL },
    { 4, "transcriptions", transcriptions, NULL },
    { 5, "videos, scenes, layers, revisions", videos, NULL },
    { 6, "events and the cache", events, NULL },
    { 7, "event order", event_order, "SELECT 1;\n" },
    { 8, "rendered films", films, NULL },
    { 9, "progress of parts", part_progress, NULL },
    { 10, "kept answers", kept_answers, NULL },
    { 11, "members of videos", members, NULL },
    { 12, "keys of users and files", keys, NULL },
    { 13, "resumable uploads and quotas", uploads, NULL },
    { 14, "places of blobs", blob_places, NULL },
    { 15, "derivatives of media", derivatives, NULL },
    { 16, "files of jobs", job_inputs, NULL },
    { 17, "search and corrections", search, search_sqlite },
    { 18, "blobs by content", blob_content, NULL },
    { 19, "sockets of events", sockets, NULL },
    { 20, "undo and versions", history, NULL },
    { 21, "avatars", avatars, NULL },
    { 22, "posters and subtitles of films", film_extras, NULL },
    { 23, "links, downloads, settings", links, NULL },
    { 24, "new passwords by mail", resets, NULL },
    { 25, "libraries of sounds and pictures", schema_libraries, schema_libraries_sqlite },
    { 26, "pronunciations and voiceovers", schema_pronunciations, NULL },
    { 28, "the queue of many runners", schema_queue, schema_queue_sqlite },
    { 32, "keys of the API", api_keys, NULL },
    { 35, "attempts over all servers", attempts, NULL },
    { 36, "numbers of events", event_numbers, "SELECT 1;\n" },
    { 37, "backups", schema_backup, NULL },
    { 39, "the audit log", schema_audit, NULL },
    { 40, "deleted accounts", schema_departures, NULL },
    { 42, "spans that queued jobs", job_spans, NULL },
    { 44, "avatars found in any alphabet", schema_avatar_search, NULL },
};
const size_t schema_migration_count = sizeof schema_migrations / sizeof *schema_migrations;
