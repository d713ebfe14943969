-- Each way to spoil the story's database: its name, what the audit must say of it, and the statements.

-- a notification is lost | it asked for 1 notification by inbox, and has 0
DELETE FROM digest_notifications WHERE id LIKE 'e1.7.inbox.%';

-- a notification to staff is lost | it asked for 1 notification by email, and has 0
DELETE FROM digest_notifications WHERE id LIKE 'e4.5.email.%';

-- a message has two notifications | it asked for 1 notification by inbox, and has 2
UPDATE digest_notifications SET seq = 4 WHERE id LIKE 'e1.8.inbox.%';

-- a notification of nothing | it asked for 0 notification by inbox, and has 1
UPDATE digest_notifications SET seq = 1 WHERE id LIKE 'e1.8.inbox.%';

-- an entry is there twice | it is there 2 times
INSERT INTO timeline
  SELECT enrolment_id, seq + 1000, unit, kind, shape, at, by, data
  FROM timeline WHERE kind = 'form-saved';

-- an entry is lost | it was answered, and is not there
DELETE FROM timeline WHERE enrolment_id = 'e1' AND kind = 'form-saved';

-- a gap | and the timeline has the entries
UPDATE timeline SET seq = seq + 100 WHERE kind = 'handed-over';

-- an entry that nobody asked for | was asked for by nobody
UPDATE timeline SET at = at + interval '1 second' WHERE kind = 'form-saved';

-- an entry of somebody else | it is signed by
UPDATE timeline SET by = 'SE2321000131-P000000000002' WHERE kind = 'handed-over';

-- an entry of another kind | it left ('Reviewed',)
UPDATE timeline SET kind = 'reviewed', data = '{}' WHERE kind = 'handed-over';

-- a message is lost | the document of entry 4 is not there
DELETE FROM documents WHERE enrolment_id = 'e1' AND seq = 4;

-- a message is another | what was written is not what is kept
UPDATE documents SET content = '"Hej"' WHERE content LIKE '"therapist_writes%';

-- answers are others | what was written is not what is kept
UPDATE documents SET content = replace(content, 'save_form', 'saved') WHERE content LIKE '%fritext%';

-- a number comes twice | is number 1 of its kind, and comes as number 2
UPDATE timeline SET data = replace(data, '"number":2', '"number":1') WHERE kind = 'message-sent';

-- a state is another | the state is not what the timeline gives
UPDATE enrolments SET state = replace(state, '"smartskola"', '"smartskolan"');

-- a figure is another | its column unread_forms
UPDATE enrolments SET unread_forms = unread_forms + 1;

-- two open enrolments | a person has 2 open enrolments
DROP INDEX uq_enrolments_open; UPDATE enrolments SET program = 'smartskola';

-- an access without a line | has 0 lines in the access log, not 1
DELETE FROM access_log WHERE action = 'save-form';

-- two lines for an access | has 2 lines in the access log, not 1
INSERT INTO access_log (at, by, unit, action, activity, enrolment_id, granted)
  SELECT at, by, unit, action, activity, enrolment_id, granted
  FROM access_log WHERE action = 'end';

-- a line of nobody | save-form was asked for by nobody
UPDATE access_log SET at = at + interval '1 second' WHERE action = 'save-form';

-- a line of somebody else | is signed by patient
UPDATE access_log SET by = 'patient' WHERE action = 'hand-over';

-- a refusal that the log grants | it was refused with NotPermitted, and the access log says that it was done
UPDATE access_log SET granted = true WHERE action = 'write-message';

-- no line of the worker's | the access log has no line of the worker's
DELETE FROM access_log WHERE by = 'system';

-- a delivery without its line | does not say once that it was delivered
DELETE FROM access_log WHERE by = 'system';

-- a delivery that was none | delivered, and nobody has it
UPDATE digest_notifications SET status = 'delivered' WHERE status = 'unreachable';

-- a decision that nobody made | is failed, and no worker has decided that
UPDATE digest_notifications SET status = 'failed' WHERE id LIKE 'e1.7.inbox.%';

-- an end that dropped nothing | is dropped, and no worker has decided that
UPDATE timeline SET by = 'system' WHERE kind = 'notification-dropped' AND data LIKE '%e3.9.inbox.%';

-- dropped in silence | e1: e1.8.inbox.20260302T120000 is dropped, and the timeline does not say so
UPDATE digest_notifications SET status = 'dropped' WHERE id LIKE 'e1.8.inbox.%';

-- given up in silence | e1: e1.8.inbox.20260302T120000 is failed, and the timeline does not say so
UPDATE digest_notifications SET status = 'failed' WHERE id LIKE 'e1.8.inbox.%';

-- not settled | it is not settled
UPDATE digest_notifications SET status = 'pending' WHERE id LIKE 'e1.8.inbox.%';

-- a note that is owed | its end is still to be noted
UPDATE digest_notifications SET noted = false WHERE id LIKE 'e1.8.inbox.%';

-- an attempt without a key | 1 attempts, and the key
UPDATE digest_notifications SET attempts = 1, batch_key = NULL WHERE id LIKE 'e1.8.inbox.%';

-- still held | is still held, or waits
UPDATE digests SET token = 'x' WHERE id LIKE 'e1.4.inbox.%';

-- still waiting | is still held, or waits
UPDATE digests SET next_at = now() WHERE id LIKE 'e1.4.inbox.%';

-- to somebody else | it goes to somebody else than the patient
UPDATE digests SET recipient_value = '200002292398' WHERE id LIKE 'e1.4.inbox.%';

-- collected against the therapist's word | against the therapist's word
UPDATE digests SET collected = false WHERE id LIKE 'e1.4.inbox.%';

-- due at another run | it is due at 2026-03-04
UPDATE digest_notifications SET due_at = due_at + interval '1 day' WHERE id LIKE 'e1.8.inbox.%';

-- of another unit | it is another unit's
UPDATE digest_notifications SET unit = 'SE2321000131-E000000000002' WHERE id LIKE '%.email.%';

-- reachable after all | the patient can be reached
UPDATE digests SET recipient_scheme = 'personnummer' WHERE id LIKE 'e4.3.inbox.%';

-- a day that is forgotten | and its digest does not know
UPDATE digests SET told_on = NULL;

-- a notice is lost | it was delivered, and nobody has it
DELETE FROM notices;

-- a notice that nobody sent | inbox has taken x, and nobody was sending it
UPDATE notices SET key = 'x' WHERE key LIKE 'e1.7.inbox.%';

-- a notice at a time at which nobody sent | and nobody was sending it
UPDATE notices SET delivered_at = delivered_at + interval '1 hour';

-- a notice before the message | its notice was taken before the message was written
UPDATE notices SET delivered_at = delivered_at - interval '1 hour';

-- a notice to somebody else | went to somebody else than the patient
UPDATE notices SET person_value = '200002292399';

-- a notice of another text | says something else
UPDATE staff_messages SET template = 'ending' WHERE template = 'form-saved';

-- a notice to nobody | nobody could be reached, and yet it was taken
UPDATE notices SET key = (SELECT batch_key FROM digest_notifications WHERE id LIKE 'e4.3.inbox.%')
  WHERE key LIKE 'e1.7.inbox.%';

-- a key that is forgotten | and no purge would find it
DELETE FROM digest_superseded_keys;

-- a note of nothing | .outbox.20260302T070000, which there is not
UPDATE timeline SET data = replace(data, '.inbox', '.outbox') WHERE kind = 'notification-dropped';

-- a note of another fate | is unreachable, and the timeline says otherwise
UPDATE timeline SET data = replace(data, 'unreachable', 'failed');

-- an end that nobody noted | nobody has noted that the patient's time is over
UPDATE enrolments SET noted_end = NULL;
