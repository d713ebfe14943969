BEGIN TRANSACTION;
CREATE TABLE access_log (
	number INTEGER NOT NULL, 
	at TEXT NOT NULL, 
	"by" TEXT NOT NULL, 
	unit TEXT NOT NULL, 
	action TEXT NOT NULL, 
	activity TEXT NOT NULL, 
	enrolment_id TEXT, 
	person_scheme TEXT, 
	person_value TEXT, 
	granted BOOLEAN NOT NULL, 
	CONSTRAINT pk_access_log PRIMARY KEY (number)
);
INSERT INTO "access_log" VALUES(1,'2015-03-02T07:00:00.000000Z','SE2321000131-P000000123456','SE2321000131-E000000000001','start','Skriva','e-0001','personnummer','198507099805',1);
INSERT INTO "access_log" VALUES(2,'2015-03-02T07:00:00.000000Z','SE2321000131-P000000123456','SE2321000131-E000000000001','end','Skriva','e-0001','personnummer','198507099805',1);
INSERT INTO "access_log" VALUES(3,'2025-05-02T06:00:00.000000Z','SE2321000131-P000000123456','SE2321000131-E000000000001','start','Skriva','e-0002','personnummer','200002292399',1);
INSERT INTO "access_log" VALUES(4,'2026-03-02T07:00:00.000000Z','SE2321000131-P000000123456','SE2321000131-E000000000001','start','Skriva','e-0003','personnummer','195704289999',1);
INSERT INTO "access_log" VALUES(5,'2026-03-02T07:00:00.000000Z','SE2321000131-P000000123456','SE2321000131-E000000000001','start','Skriva','e-0004','personnummer','194608239986',1);
INSERT INTO "access_log" VALUES(6,'2026-03-02T07:00:00.000000Z','SE2321000131-P000000123456','SE2321000131-E000000000001','start','Skriva','e-0005','personnummer','190901219931',1);
INSERT INTO "access_log" VALUES(7,'2026-03-02T07:00:00.000000Z','SE2321000131-P000000123456','SE2321000131-E000000000001','start','Skriva','e-0006','personnummer','200004059937',1);
INSERT INTO "access_log" VALUES(8,'2026-03-02T07:00:00.000000Z','SE2321000131-P000000123456','SE2321000131-E000000000001','start','Skriva','e-0007','personnummer','191212121212',1);
INSERT INTO "access_log" VALUES(9,'2026-03-02T07:00:00.000000Z','SE2321000131-P000000123456','SE2321000131-E000000000001','start','Skriva','e-0008','personnummer','196101182803',1);
INSERT INTO "access_log" VALUES(10,'2026-03-02T07:00:00.000000Z','SE2321000131-P000000123456','SE2321000131-E000000000001','start','Skriva','e-0009','personnummer','189602029812',1);
INSERT INTO "access_log" VALUES(11,'2026-03-02T07:00:00.000000Z','SE2321000131-P000000123456','SE2321000131-E000000000001','start','Skriva','e-0010','personnummer','200302022389',1);
INSERT INTO "access_log" VALUES(12,'2026-03-02T07:00:00.000000Z','SE2321000131-P000000123456','SE2321000131-E000000000001','start','Skriva','e-0011','personnummer','190905271474',1);
INSERT INTO "access_log" VALUES(13,'2026-03-02T07:00:00.000000Z','SE2321000131-P000000123456','SE2321000131-E000000000001','start','Skriva','e-0012','samordningsnummer','191401682396',1);
INSERT INTO "access_log" VALUES(14,'2026-03-02T07:00:00.000000Z','SE2321000131-P000000123456','SE2321000131-E000000000001','start','Skriva','e-0013','vgr-reservnummer','19810829M071',1);
INSERT INTO "access_log" VALUES(15,'2026-03-02T07:00:00.000000Z','patient','SE2321000131-E000000000001','read-page','Läsa','e-0004','personnummer','194608239986',1);
INSERT INTO "access_log" VALUES(16,'2026-03-02T07:00:00.000000Z','patient','SE2321000131-E000000000001','open-module','Läsa','e-0004','personnummer','194608239986',1);
INSERT INTO "access_log" VALUES(17,'2026-03-02T07:00:00.000000Z','patient','SE2321000131-E000000000001','save-form','Skriva','e-0004','personnummer','194608239986',1);
INSERT INTO "access_log" VALUES(18,'2026-03-02T07:00:00.000000Z','SE2321000131-P000000123456','SE2321000131-E000000000001','mark-form-read','Skriva','e-0004','personnummer','194608239986',1);
INSERT INTO "access_log" VALUES(19,'2026-03-05T07:00:00.000000Z','patient','SE2321000131-E000000000001','save-form','Skriva','e-0004','personnummer','194608239986',1);
INSERT INTO "access_log" VALUES(20,'2026-03-05T07:00:00.000000Z','patient','SE2321000131-E000000000001','save-form','Skriva','e-0004','personnummer','194608239986',1);
INSERT INTO "access_log" VALUES(21,'2026-03-05T07:00:00.000000Z','patient','SE2321000131-E000000000001','save-draft','Skriva','e-0004','personnummer','194608239986',1);
INSERT INTO "access_log" VALUES(22,'2026-03-05T07:00:00.000000Z','patient','SE2321000131-E000000000001','see-enrolment','Läsa','e-0004','personnummer','194608239986',1);
INSERT INTO "access_log" VALUES(23,'2026-03-05T07:00:00.000000Z','patient','SE2321000131-E000000000001','write-message','Skriva','e-0004','personnummer','194608239986',1);
INSERT INTO "access_log" VALUES(24,'2026-03-05T07:00:00.000000Z','SE2321000131-P000000123456','SE2321000131-E000000000001','review','Skriva','e-0004','personnummer','194608239986',1);
INSERT INTO "access_log" VALUES(25,'2026-03-05T07:00:00.000000Z','SE2321000131-P000000123456','SE2321000131-E000000000001','keep-profile','Skriva',NULL,NULL,NULL,1);
INSERT INTO "access_log" VALUES(26,'2026-03-05T07:00:00.000000Z','patient','SE2321000131-E000000000001','open-module','Läsa','e-0006','personnummer','200004059937',1);
INSERT INTO "access_log" VALUES(27,'2026-03-05T07:00:00.000000Z','patient','SE2321000131-E000000000001','complete-module','Skriva','e-0006','personnummer','200004059937',1);
INSERT INTO "access_log" VALUES(28,'2026-03-05T07:00:00.000000Z','patient','SE2321000131-E000000000001','open-module','Läsa','e-0006','personnummer','200004059937',1);
INSERT INTO "access_log" VALUES(29,'2026-03-05T07:00:00.000000Z','patient','SE2321000131-E000000000001','complete-module','Skriva','e-0006','personnummer','200004059937',1);
INSERT INTO "access_log" VALUES(30,'2026-03-05T07:00:00.000000Z','SE2321000131-P000000123456','SE2321000131-E000000000001','maintain','Skriva','e-0007','personnummer','191212121212',1);
INSERT INTO "access_log" VALUES(31,'2026-03-05T07:00:00.000000Z','patient','SE2321000131-E000000000001','save-form','Skriva','e-0008','personnummer','196101182803',1);
INSERT INTO "access_log" VALUES(32,'2026-03-05T07:00:00.000000Z','SE2321000131-P000000123456','SE2321000131-E000000000001','end','Skriva','e-0008','personnummer','196101182803',1);
INSERT INTO "access_log" VALUES(33,'2026-03-05T07:00:00.000000Z','patient','SE2321000131-E000000000001','see-enrolment','Läsa','e-0011','personnummer','190905271474',1);
INSERT INTO "access_log" VALUES(34,'2026-03-05T07:00:00.000000Z','patient','SE2321000131-E000000000001','write-message','Skriva','e-0011','personnummer','190905271474',1);
INSERT INTO "access_log" VALUES(35,'2026-03-05T07:00:00.000000Z','SE2321000131-P000000000003','SE2321000131-E000000000001','hand-over','Skriva','e-0011','personnummer','190905271474',1);
INSERT INTO "access_log" VALUES(36,'2026-03-05T07:00:00.000000Z','SE2321000131-P000000123456','SE2321000131-E000000000001','write-message','Skriva','e-0013','vgr-reservnummer','19810829M071',1);
INSERT INTO "access_log" VALUES(37,'2026-06-14T18:00:00.000000Z','system','SE2321000131-E000000000001','deliver','Skriva','e-0002','personnummer','200002292399',1);
INSERT INTO "access_log" VALUES(38,'2026-06-14T18:00:00.000000Z','system','SE2321000131-E000000000001','deliver','Skriva','e-0007','personnummer','191212121212',1);
INSERT INTO "access_log" VALUES(39,'2026-06-14T18:00:00.000000Z','system','SE2321000131-E000000000001','deliver','Skriva','e-0013','vgr-reservnummer','19810829M071',1);
INSERT INTO "access_log" VALUES(40,'2026-06-14T18:00:00.000000Z','SE2321000131-P000000000004','SE2321000131-E000000000001','plan-purge','Läsa',NULL,NULL,NULL,1);
INSERT INTO "access_log" VALUES(41,'2026-06-14T18:00:00.000000Z','SE2321000131-P000000000004','SE2321000131-E000000000001','export','Utskrift','e-0001','personnummer','198507099805',1);
INSERT INTO "access_log" VALUES(42,'2026-06-14T18:00:00.000000Z','SE2321000131-P000000000004','SE2321000131-E000000000001','export','Utskrift','e-0008','personnummer','196101182803',1);
INSERT INTO "access_log" VALUES(43,'2026-06-14T18:00:00.000000Z','SE2321000131-P000000000004','SE2321000131-E000000000001','approve-purge','Skriva',NULL,NULL,NULL,1);
INSERT INTO "access_log" VALUES(44,'2026-06-14T18:00:00.000000Z','patient','SE2321000131-E000000000001','open-module','Läsa','e-0005','personnummer','190901219931',1);
INSERT INTO "access_log" VALUES(45,'2026-06-14T18:00:00.000000Z','patient','SE2321000131-E000000000001','complete-module','Skriva','e-0005','personnummer','190901219931',1);
INSERT INTO "access_log" VALUES(46,'2026-06-14T18:00:00.000000Z','patient','SE2321000131-E000000000001','open-module','Läsa','e-0005','personnummer','190901219931',1);
INSERT INTO "access_log" VALUES(47,'2026-06-14T18:00:00.000000Z','patient','SE2321000131-E000000000001','complete-module','Skriva','e-0005','personnummer','190901219931',1);
INSERT INTO "access_log" VALUES(48,'2026-06-14T18:00:00.000000Z','patient','SE2321000131-E000000000001','open-module','Läsa','e-0005','personnummer','190901219931',1);
INSERT INTO "access_log" VALUES(49,'2026-06-14T18:00:00.000000Z','patient','SE2321000131-E000000000001','complete-module','Skriva','e-0005','personnummer','190901219931',1);
INSERT INTO "access_log" VALUES(50,'2026-06-14T18:00:00.000000Z','SE2321000131-P000000123456','SE2321000131-E000000000001','maintain','Skriva','e-0006','personnummer','200004059937',1);
INSERT INTO "access_log" VALUES(51,'2026-06-14T18:00:00.000000Z','SE2321000131-P000000123456','SE2321000131-E000000000001','write-message','Skriva','e-0009','personnummer','189602029812',1);
INSERT INTO "access_log" VALUES(52,'2026-06-14T18:00:00.000000Z','SE2321000131-P000000123456','SE2321000131-E000000000001','write-message','Skriva','e-0010','personnummer','200302022389',1);
INSERT INTO "access_log" VALUES(53,'2026-06-15T06:30:00.000000Z','system','SE2321000131-E000000000001','deliver','Skriva','e-0005','personnummer','190901219931',1);
CREATE TABLE completed_calls (
	unit TEXT NOT NULL, 
	caller TEXT NOT NULL, 
	action TEXT NOT NULL, 
	"key" TEXT NOT NULL, 
	enrolment_id TEXT NOT NULL, 
	version INTEGER NOT NULL, 
	fingerprint TEXT NOT NULL, 
	CONSTRAINT pk_completed_calls PRIMARY KEY (unit, caller, action, "key"), 
	CONSTRAINT fk_completed_calls_enrolment_id FOREIGN KEY(enrolment_id) REFERENCES enrolments (id)
)
 WITHOUT ROWID

;
INSERT INTO "completed_calls" VALUES('SE2321000131-E000000000001','SE2321000131-P000000123456','review','the review''s key','e-0004',11,'919e7bb010a7dcfc6409e2853fdf463e:a9240def6e16e0048f99b1c18b8de1b37417fdaed85f3650cc172a642e18f754');
CREATE TABLE delivery_workers (
	id TEXT NOT NULL, 
	seen_at TEXT NOT NULL, 
	until TEXT NOT NULL, 
	CONSTRAINT pk_delivery_workers PRIMARY KEY (id)
);
INSERT INTO "delivery_workers" VALUES('84dc1a8023708bfc','2026-06-14T18:00:00.000000Z','2026-06-14T18:00:00.000000Z');
INSERT INTO "delivery_workers" VALUES('2c09b32587907b68','2026-06-15T06:30:00.000000Z','2026-06-15T06:30:00.000000Z');
CREATE TABLE desk_calls (
	unit TEXT NOT NULL, 
	caller TEXT NOT NULL, 
	action TEXT NOT NULL, 
	"key" TEXT NOT NULL, 
	result TEXT NOT NULL, 
	fingerprint TEXT NOT NULL, 
	CONSTRAINT pk_desk_calls PRIMARY KEY (unit, caller, action, "key")
)
 WITHOUT ROWID

;
CREATE TABLE digest_notifications (
	id TEXT NOT NULL, 
	digest_id TEXT NOT NULL, 
	unit TEXT NOT NULL, 
	enrolment_id TEXT NOT NULL, 
	seq INTEGER NOT NULL, 
	conversation INTEGER, 
	number INTEGER, 
	form TEXT, 
	due_at TEXT NOT NULL, 
	status TEXT NOT NULL, 
	attempts INTEGER NOT NULL, 
	batch_key TEXT, 
	settled_at TEXT, 
	noted BOOLEAN NOT NULL, flag TEXT, reason TEXT, reports INTEGER DEFAULT '0' NOT NULL, 
	CONSTRAINT pk_digest_notifications PRIMARY KEY (id), 
	CONSTRAINT fk_digest_notifications_digest_id FOREIGN KEY(digest_id) REFERENCES digests (id)
);
INSERT INTO "digest_notifications" VALUES('e-0013.3.inbox.20260305T070000','e-0013.3.inbox.20260305T070000','SE2321000131-E000000000001','e-0013',3,1,1,NULL,'2026-03-05T07:00:00.000000Z','unreachable',1,'e-0013.3.inbox.20260305T070000.4ffeaf751d15be15fee9528f27fa7c76','2026-06-14T18:00:00.000000Z',1,NULL,'unreachable',0);
INSERT INTO "digest_notifications" VALUES('e-0005.8.email.20260614T180000','e-0005.8.email.20260614T180000','SE2321000131-E000000000001','e-0005',8,NULL,NULL,NULL,'2026-06-14T18:00:00.000000Z','delivered',1,'e-0005.8.email.20260614T180000.ece8443cc6f1ccbb09d46f49127c95b8','2026-06-15T06:30:00.000000Z',1,NULL,NULL,0);
INSERT INTO "digest_notifications" VALUES('e-0009.3.inbox.20260614T180000','e-0009.3.inbox.20260614T180000','SE2321000131-E000000000001','e-0009',3,1,1,NULL,'2026-06-15T07:00:00.000000Z','pending',0,NULL,NULL,1,NULL,NULL,0);
INSERT INTO "digest_notifications" VALUES('e-0010.3.inbox.20260614T180000','e-0010.3.inbox.20260614T180000','SE2321000131-E000000000001','e-0010',3,1,1,NULL,'2026-06-14T18:00:00.000000Z','pending',1,'e-0010.3.inbox.20260614T180000.0b8384a4ceb9486c52659c2a3692cf57',NULL,1,NULL,NULL,0);
CREATE TABLE digest_superseded_keys (
	digest_id TEXT NOT NULL, 
	"key" TEXT NOT NULL, 
	unit TEXT NOT NULL, 
	CONSTRAINT pk_digest_superseded_keys PRIMARY KEY (digest_id, "key"), 
	CONSTRAINT fk_digest_superseded_keys_digest_id FOREIGN KEY(digest_id) REFERENCES digests (id)
)
 WITHOUT ROWID

;
CREATE TABLE digests (
	id TEXT NOT NULL, 
	unit TEXT NOT NULL, 
	channel TEXT NOT NULL, 
	recipient_scheme TEXT NOT NULL, 
	recipient_value TEXT NOT NULL, 
	template TEXT NOT NULL, 
	collected BOOLEAN NOT NULL, 
	told_on TEXT, 
	batch_key TEXT, 
	attempted_on TEXT, 
	next_at TEXT, 
	token TEXT, 
	lease_until TEXT, 
	begun BOOLEAN NOT NULL, 
	lost INTEGER NOT NULL, oldest_due_at TEXT, 
	CONSTRAINT pk_digests PRIMARY KEY (id)
);
INSERT INTO "digests" VALUES('e-0013.3.inbox.20260305T070000','SE2321000131-E000000000001','inbox','vgr-reservnummer','19810829M071','message-to-read',0,'2026-06-14',NULL,NULL,NULL,NULL,NULL,0,0,NULL);
INSERT INTO "digests" VALUES('e-0005.8.email.20260614T180000','SE2321000131-E000000000001','email','hsa-id','SE2321000131-P000000123456','program-done',0,'2026-06-15',NULL,NULL,NULL,NULL,NULL,0,0,NULL);
INSERT INTO "digests" VALUES('e-0009.3.inbox.20260614T180000','SE2321000131-E000000000001','inbox','personnummer','189602029812','message-to-read',1,NULL,NULL,NULL,'2026-06-15T07:00:00.000000Z',NULL,NULL,0,0,'2026-06-15T07:00:00.000000Z');
INSERT INTO "digests" VALUES('e-0010.3.inbox.20260614T180000','SE2321000131-E000000000001','inbox','personnummer','200302022389','message-to-read',0,NULL,'e-0010.3.inbox.20260614T180000.0b8384a4ceb9486c52659c2a3692cf57','2026-06-15','2026-06-15T06:35:00.000000Z',NULL,NULL,0,0,'2026-06-14T18:00:00.000000Z');
CREATE TABLE documents (
	enrolment_id TEXT NOT NULL, 
	seq INTEGER NOT NULL, 
	unit TEXT NOT NULL, 
	content TEXT NOT NULL, 
	CONSTRAINT pk_documents PRIMARY KEY (enrolment_id, seq), 
	CONSTRAINT fk_documents_enrolment_id FOREIGN KEY(enrolment_id) REFERENCES enrolments (id)
)
 WITHOUT ROWID

;
INSERT INTO "documents" VALUES('e-0004',5,'SE2321000131-E000000000001','{"smarta":3}');
INSERT INTO "documents" VALUES('e-0004',7,'SE2321000131-E000000000001','{"smarta":9}');
INSERT INTO "documents" VALUES('e-0004',8,'SE2321000131-E000000000001','{"hemma":"bra","fritext":"Å 🙂"}');
INSERT INTO "documents" VALUES('e-0004',9,'SE2321000131-E000000000001','"Min konversation"');
INSERT INTO "documents" VALUES('e-0004',10,'SE2321000131-E000000000001','"Får jag fråga en sak?"');
INSERT INTO "documents" VALUES('e-0008',2,'SE2321000131-E000000000001','{"smarta":5}');
INSERT INTO "documents" VALUES('e-0009',2,'SE2321000131-E000000000001','"Min konversation"');
INSERT INTO "documents" VALUES('e-0009',3,'SE2321000131-E000000000001','"Hur går det?"');
INSERT INTO "documents" VALUES('e-0010',2,'SE2321000131-E000000000001','"Min konversation"');
INSERT INTO "documents" VALUES('e-0010',3,'SE2321000131-E000000000001','"Ring mig."');
INSERT INTO "documents" VALUES('e-0011',2,'SE2321000131-E000000000001','"Min konversation"');
INSERT INTO "documents" VALUES('e-0011',3,'SE2321000131-E000000000001','"Hej!"');
INSERT INTO "documents" VALUES('e-0013',2,'SE2321000131-E000000000001','"Min konversation"');
INSERT INTO "documents" VALUES('e-0013',3,'SE2321000131-E000000000001','"Välkommen!"');
CREATE TABLE drafts (
	enrolment_id TEXT NOT NULL, 
	form TEXT NOT NULL, 
	unit TEXT NOT NULL, 
	saved_at TEXT NOT NULL, 
	answers TEXT NOT NULL, 
	CONSTRAINT pk_drafts PRIMARY KEY (enrolment_id, form), 
	CONSTRAINT fk_drafts_enrolment_id FOREIGN KEY(enrolment_id) REFERENCES enrolments (id)
)
 WITHOUT ROWID

;
INSERT INTO "drafts" VALUES('e-0004','halsoskattning','SE2321000131-E000000000001','2026-03-05T07:00:00.000000Z','{"smarta":1}');
CREATE TABLE enrolments (
	id TEXT NOT NULL, 
	unit TEXT NOT NULL, 
	person_scheme TEXT NOT NULL, 
	person_value TEXT NOT NULL, 
	program TEXT NOT NULL, 
	program_version TEXT NOT NULL, 
	therapist TEXT NOT NULL, 
	phase TEXT NOT NULL, 
	version INTEGER NOT NULL, 
	started_at TEXT NOT NULL, 
	access_until TEXT NOT NULL, 
	noted_end TEXT, 
	ended_at TEXT, 
	last_entry_at TEXT NOT NULL, 
	last_seen_at TEXT, 
	reviewed_at TEXT, 
	unread_forms INTEGER NOT NULL, 
	unread_messages INTEGER NOT NULL, 
	done BOOLEAN NOT NULL, 
	undelivered INTEGER NOT NULL, 
	priority BOOLEAN NOT NULL, 
	exported_version INTEGER DEFAULT '0' NOT NULL, 
	state_shape INTEGER NOT NULL, 
	state TEXT NOT NULL, waiting_since TEXT, has_drafts BOOLEAN DEFAULT 0 NOT NULL, handed_over BOOLEAN DEFAULT 0 NOT NULL, noted_silence TEXT, noted_ending TEXT, 
	CONSTRAINT pk_enrolments PRIMARY KEY (id)
);
INSERT INTO "enrolments" VALUES('e-0001','SE2321000131-E000000000001','personnummer','198507099805','smartskola','1','SE2321000131-P000000123456','ended',2,'2015-03-02T07:00:00.000000Z','2016-03-02T07:00:00.000000Z',NULL,'2015-03-02T07:00:00.000000Z','2015-03-02T07:00:00.000000Z',NULL,NULL,0,0,0,0,0,2,4,'{"id":"e-0001","version":2,"person":{"scheme":"personnummer","value":"198507099805"},"unit":"SE2321000131-E000000000001","therapist":"SE2321000131-P000000123456","program":"smartskola","program_version":"1","started_at":"2015-03-02T07:00:00.000000Z","access_until":"2016-03-02T07:00:00.000000Z","last_entry_at":"2015-03-02T07:00:00.000000Z","phase":"ended","ended_at":"2015-03-02T07:00:00.000000Z","end_reason":"klar","started_by":"SE2321000131-P000000123456"}',NULL,0,0,NULL,NULL);
INSERT INTO "enrolments" VALUES('e-0002','SE2321000131-E000000000001','personnummer','200002292399','smartskola','1','SE2321000131-P000000123456','active',2,'2025-05-02T06:00:00.000000Z','2026-05-02T06:00:00.000000Z','2026-05-02T06:00:00.000000Z',NULL,'2026-06-14T18:00:00.000000Z',NULL,NULL,0,0,0,0,0,0,4,'{"id":"e-0002","version":2,"person":{"scheme":"personnummer","value":"200002292399"},"unit":"SE2321000131-E000000000001","therapist":"SE2321000131-P000000123456","program":"smartskola","program_version":"1","started_at":"2025-05-02T06:00:00.000000Z","access_until":"2026-05-02T06:00:00.000000Z","last_entry_at":"2026-06-14T18:00:00.000000Z","noted_end":"2026-05-02T06:00:00.000000Z","started_by":"SE2321000131-P000000123456"}',NULL,0,0,NULL,NULL);
INSERT INTO "enrolments" VALUES('e-0003','SE2321000131-E000000000001','personnummer','195704289999','smartskola','1','SE2321000131-P000000123456','active',1,'2026-03-02T07:00:00.000000Z','2027-03-02T07:00:00.000000Z',NULL,NULL,'2026-03-02T07:00:00.000000Z',NULL,NULL,0,0,0,0,0,0,4,'{"id":"e-0003","version":1,"person":{"scheme":"personnummer","value":"195704289999"},"unit":"SE2321000131-E000000000001","therapist":"SE2321000131-P000000123456","program":"smartskola","program_version":"1","started_at":"2026-03-02T07:00:00.000000Z","access_until":"2027-03-02T07:00:00.000000Z","last_entry_at":"2026-03-02T07:00:00.000000Z","started_by":"SE2321000131-P000000123456"}',NULL,0,0,NULL,NULL);
INSERT INTO "enrolments" VALUES('e-0004','SE2321000131-E000000000001','personnummer','194608239986','smartskola','1','SE2321000131-P000000123456','active',11,'2026-03-02T07:00:00.000000Z','2027-03-02T07:00:00.000000Z',NULL,NULL,'2026-03-05T07:00:00.000000Z','2026-03-05T07:00:00.000000Z','2026-03-05T07:00:00.000000Z',2,1,0,0,1,0,4,'{"id":"e-0004","version":11,"person":{"scheme":"personnummer","value":"194608239986"},"unit":"SE2321000131-E000000000001","therapist":"SE2321000131-P000000123456","program":"smartskola","program_version":"1","started_at":"2026-03-02T07:00:00.000000Z","access_until":"2027-03-02T07:00:00.000000Z","last_entry_at":"2026-03-05T07:00:00.000000Z","last_seen_at":"2026-03-05T07:00:00.000000Z","reviewed_at":"2026-03-05T07:00:00.000000Z","opened":[1,3],"pages_read":[{"module":1,"pages":[1]}],"out_of_order":[3],"forms":[{"form":"halsoskattning","saved":2,"read":1,"alert":2,"reasons":[{"question":"smarta","threshold":9}],"waiting":["2026-03-05T07:00:00.000000Z"]},{"form":"vardag","saved":1,"waiting":["2026-03-05T07:00:00.000000Z"]}],"conversations":[{"number":1,"heading":9,"from_patient":1,"waiting":["2026-03-05T07:00:00.000000Z"],"last_message":10,"last_message_at":"2026-03-05T07:00:00.000000Z"}],"started_by":"SE2321000131-P000000123456"}','2026-03-05T07:00:00.000000Z',1,0,NULL,NULL);
INSERT INTO "enrolments" VALUES('e-0005','SE2321000131-E000000000001','personnummer','190901219931','smartskola','1','SE2321000131-P000000123456','active',8,'2026-03-02T07:00:00.000000Z','2027-03-02T07:00:00.000000Z',NULL,NULL,'2026-06-14T18:00:00.000000Z','2026-06-14T18:00:00.000000Z',NULL,0,0,1,0,0,0,4,'{"id":"e-0005","version":8,"person":{"scheme":"personnummer","value":"190901219931"},"unit":"SE2321000131-E000000000001","therapist":"SE2321000131-P000000123456","program":"smartskola","program_version":"1","started_at":"2026-03-02T07:00:00.000000Z","access_until":"2027-03-02T07:00:00.000000Z","last_entry_at":"2026-06-14T18:00:00.000000Z","last_seen_at":"2026-06-14T18:00:00.000000Z","opened":[1,2,3],"completed":[1,2,3],"done_at":"2026-06-14T18:00:00.000000Z","started_by":"SE2321000131-P000000123456"}','2026-06-14T18:00:00.000000Z',0,0,NULL,NULL);
INSERT INTO "enrolments" VALUES('e-0006','SE2321000131-E000000000001','personnummer','200004059937','smartskola','1','SE2321000131-P000000123456','maintenance',6,'2026-03-02T07:00:00.000000Z','2026-07-14T22:00:00.000000Z',NULL,NULL,'2026-06-14T18:00:00.000000Z','2026-03-05T07:00:00.000000Z',NULL,0,0,0,0,0,0,4,'{"id":"e-0006","version":6,"person":{"scheme":"personnummer","value":"200004059937"},"unit":"SE2321000131-E000000000001","therapist":"SE2321000131-P000000123456","program":"smartskola","program_version":"1","started_at":"2026-03-02T07:00:00.000000Z","access_until":"2026-07-14T22:00:00.000000Z","last_entry_at":"2026-06-14T18:00:00.000000Z","phase":"maintenance","last_seen_at":"2026-03-05T07:00:00.000000Z","maintained":[1,2],"opened":[1,2],"completed":[1,2],"started_by":"SE2321000131-P000000123456"}',NULL,0,0,NULL,NULL);
INSERT INTO "enrolments" VALUES('e-0007','SE2321000131-E000000000001','personnummer','191212121212','smartskola','1','SE2321000131-P000000123456','maintenance',3,'2026-03-02T07:00:00.000000Z','2026-03-06T23:00:00.000000Z','2026-03-06T23:00:00.000000Z',NULL,'2026-06-14T18:00:00.000000Z',NULL,NULL,0,0,0,0,0,0,4,'{"id":"e-0007","version":3,"person":{"scheme":"personnummer","value":"191212121212"},"unit":"SE2321000131-E000000000001","therapist":"SE2321000131-P000000123456","program":"smartskola","program_version":"1","started_at":"2026-03-02T07:00:00.000000Z","access_until":"2026-03-06T23:00:00.000000Z","last_entry_at":"2026-06-14T18:00:00.000000Z","phase":"maintenance","maintained":[1],"noted_end":"2026-03-06T23:00:00.000000Z","started_by":"SE2321000131-P000000123456"}',NULL,0,0,NULL,NULL);
INSERT INTO "enrolments" VALUES('e-0008','SE2321000131-E000000000001','personnummer','196101182803','smartskola','1','SE2321000131-P000000123456','ended',3,'2026-03-02T07:00:00.000000Z','2027-03-02T07:00:00.000000Z',NULL,'2026-03-05T07:00:00.000000Z','2026-03-05T07:00:00.000000Z','2026-03-05T07:00:00.000000Z',NULL,0,0,0,0,0,3,4,'{"id":"e-0008","version":3,"person":{"scheme":"personnummer","value":"196101182803"},"unit":"SE2321000131-E000000000001","therapist":"SE2321000131-P000000123456","program":"smartskola","program_version":"1","started_at":"2026-03-02T07:00:00.000000Z","access_until":"2027-03-02T07:00:00.000000Z","last_entry_at":"2026-03-05T07:00:00.000000Z","phase":"ended","last_seen_at":"2026-03-05T07:00:00.000000Z","forms":[{"form":"halsoskattning","saved":1,"waiting":["2026-03-05T07:00:00.000000Z"]}],"ended_at":"2026-03-05T07:00:00.000000Z","end_reason":"avbruten","started_by":"SE2321000131-P000000123456"}',NULL,0,0,NULL,NULL);
INSERT INTO "enrolments" VALUES('e-0009','SE2321000131-E000000000001','personnummer','189602029812','smartskola','1','SE2321000131-P000000123456','active',3,'2026-03-02T07:00:00.000000Z','2027-03-02T07:00:00.000000Z',NULL,NULL,'2026-06-14T18:00:00.000000Z',NULL,NULL,0,0,0,0,0,0,4,'{"id":"e-0009","version":3,"person":{"scheme":"personnummer","value":"189602029812"},"unit":"SE2321000131-E000000000001","therapist":"SE2321000131-P000000123456","program":"smartskola","program_version":"1","started_at":"2026-03-02T07:00:00.000000Z","access_until":"2027-03-02T07:00:00.000000Z","last_entry_at":"2026-06-14T18:00:00.000000Z","conversations":[{"number":1,"heading":2,"from_therapist":1,"last_message":3,"last_message_at":"2026-06-14T18:00:00.000000Z"}],"started_by":"SE2321000131-P000000123456"}',NULL,0,0,NULL,NULL);
INSERT INTO "enrolments" VALUES('e-0010','SE2321000131-E000000000001','personnummer','200302022389','smartskola','1','SE2321000131-P000000123456','active',3,'2026-03-02T07:00:00.000000Z','2027-03-02T07:00:00.000000Z',NULL,NULL,'2026-06-14T18:00:00.000000Z',NULL,NULL,0,0,0,0,0,0,4,'{"id":"e-0010","version":3,"person":{"scheme":"personnummer","value":"200302022389"},"unit":"SE2321000131-E000000000001","therapist":"SE2321000131-P000000123456","program":"smartskola","program_version":"1","started_at":"2026-03-02T07:00:00.000000Z","access_until":"2027-03-02T07:00:00.000000Z","last_entry_at":"2026-06-14T18:00:00.000000Z","conversations":[{"number":1,"heading":2,"from_therapist":1,"last_message":3,"last_message_at":"2026-06-14T18:00:00.000000Z"}],"started_by":"SE2321000131-P000000123456"}',NULL,0,0,NULL,NULL);
INSERT INTO "enrolments" VALUES('e-0011','SE2321000131-E000000000001','personnummer','190905271474','smartskola','1','SE2321000131-P000000000002','active',4,'2026-03-02T07:00:00.000000Z','2027-03-02T07:00:00.000000Z',NULL,NULL,'2026-03-05T07:00:00.000000Z','2026-03-05T07:00:00.000000Z',NULL,0,1,0,0,0,0,4,'{"id":"e-0011","version":4,"person":{"scheme":"personnummer","value":"190905271474"},"unit":"SE2321000131-E000000000001","therapist":"SE2321000131-P000000000002","program":"smartskola","program_version":"1","started_at":"2026-03-02T07:00:00.000000Z","access_until":"2027-03-02T07:00:00.000000Z","last_entry_at":"2026-03-05T07:00:00.000000Z","last_seen_at":"2026-03-05T07:00:00.000000Z","conversations":[{"number":1,"heading":2,"from_patient":1,"waiting":["2026-03-05T07:00:00.000000Z"],"last_message":3,"last_message_at":"2026-03-05T07:00:00.000000Z"}],"handed_at":"2026-03-05T07:00:00.000000Z","handed_by":"SE2321000131-P000000000003","started_by":"SE2321000131-P000000123456"}','2026-03-05T07:00:00.000000Z',0,1,NULL,NULL);
INSERT INTO "enrolments" VALUES('e-0012','SE2321000131-E000000000001','samordningsnummer','191401682396','smartskola','1','SE2321000131-P000000000002','active',1,'2026-03-02T07:00:00.000000Z','2027-03-02T07:00:00.000000Z',NULL,NULL,'2026-03-02T07:00:00.000000Z',NULL,NULL,0,0,0,0,0,0,4,'{"id":"e-0012","version":1,"person":{"scheme":"samordningsnummer","value":"191401682396"},"unit":"SE2321000131-E000000000001","therapist":"SE2321000131-P000000000002","program":"smartskola","program_version":"1","started_at":"2026-03-02T07:00:00.000000Z","access_until":"2027-03-02T07:00:00.000000Z","last_entry_at":"2026-03-02T07:00:00.000000Z","handed_at":"2026-03-02T07:00:00.000000Z","handed_by":"SE2321000131-P000000123456","started_by":"SE2321000131-P000000123456"}','2026-03-02T07:00:00.000000Z',0,1,NULL,NULL);
INSERT INTO "enrolments" VALUES('e-0013','SE2321000131-E000000000001','vgr-reservnummer','19810829M071','smartskola','1','SE2321000131-P000000123456','active',4,'2026-03-02T07:00:00.000000Z','2027-03-02T07:00:00.000000Z',NULL,NULL,'2026-06-14T18:00:00.000000Z',NULL,NULL,0,0,0,1,0,0,4,'{"id":"e-0013","version":4,"person":{"scheme":"vgr-reservnummer","value":"19810829M071"},"unit":"SE2321000131-E000000000001","therapist":"SE2321000131-P000000123456","program":"smartskola","program_version":"1","started_at":"2026-03-02T07:00:00.000000Z","access_until":"2027-03-02T07:00:00.000000Z","last_entry_at":"2026-06-14T18:00:00.000000Z","conversations":[{"number":1,"heading":2,"from_therapist":1,"last_message":3,"last_message_at":"2026-03-05T07:00:00.000000Z"}],"undelivered":["e-0013.3.inbox.20260305T070000"],"undelivered_at":["2026-06-14T18:00:00.000000Z"],"started_by":"SE2321000131-P000000123456"}','2026-06-14T18:00:00.000000Z',0,0,NULL,NULL);
CREATE TABLE exports (
	id TEXT NOT NULL, 
	unit TEXT NOT NULL, 
	exported_at TEXT NOT NULL, 
	data TEXT NOT NULL, 
	CONSTRAINT pk_exports PRIMARY KEY (id)
);
INSERT INTO "exports" VALUES('e-0015','SE2321000131-E000000000001','2026-06-14T18:00:00.000000Z','{"id":"e-0015","unit":"SE2321000131-E000000000001","exported_by":"SE2321000131-P000000000004","exported_at":"2026-06-14T18:00:00.000000Z","enrolments":2,"files":[{"name":"enrolments.csv","lines":2,"sha256":"5cb048ceb66456f6f5bbdab1131be01c38402504c6f8db6a3e8847561774ca8d","holds":["figures"]},{"name":"answers.csv","lines":1,"sha256":"c446e19f82b065a859de070597321ecbe4c5d9cd4a0a199070848950bdc99d0c","holds":["answers"]},{"name":"enrolments.jsonl","lines":2,"sha256":"75277bf8b92aecb169af5d75336eb612ace4e538309ccc53ca3a96fb4b7913ac","holds":["figures","timeline","answers","texts"]}],"unreadable":[]}');
CREATE TABLE notices (
	"key" TEXT NOT NULL, 
	unit TEXT NOT NULL, 
	person_scheme TEXT NOT NULL, 
	person_value TEXT NOT NULL, 
	template TEXT NOT NULL, 
	link TEXT NOT NULL, 
	delivered_at TEXT NOT NULL, 
	CONSTRAINT pk_notices PRIMARY KEY ("key")
);
CREATE TABLE paces (
	channel TEXT NOT NULL, 
	latest_at TEXT NOT NULL, 
	in_round INTEGER NOT NULL, 
	CONSTRAINT pk_paces PRIMARY KEY (channel)
)
 WITHOUT ROWID

;
CREATE TABLE painschool_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT painschool_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "painschool_version" VALUES('0017');
CREATE TABLE profiles (
	unit TEXT NOT NULL, 
	hsa_id TEXT NOT NULL, 
	data TEXT NOT NULL, 
	CONSTRAINT pk_profiles PRIMARY KEY (unit, hsa_id)
);
INSERT INTO "profiles" VALUES('SE2321000131-E000000000001','SE2321000131-P000000123456','{"email":["program-done"],"sms":[],"summary":false}');
CREATE TABLE programs (
	unit TEXT NOT NULL, 
	"key" TEXT NOT NULL, 
	version TEXT NOT NULL, 
	data TEXT NOT NULL, 
	CONSTRAINT pk_programs PRIMARY KEY (unit, "key", version)
);
INSERT INTO "programs" VALUES('SE2321000131-E000000000001','smartskola','1','{"key":"smartskola","version":"1","title":"Exempelprogram","modules":[{"number":1,"title":"Tema 1","pages":[{"title":"Sida","text":"Text 1","forms":["halsoskattning"]},{"title":"Övning","text":"Övning 1","forms":[]}]},{"number":2,"title":"Tema 2","pages":[{"title":"Sida","text":"Text 2","forms":["vardag"]},{"title":"Övning","text":"Övning 2","forms":[]}]},{"number":3,"title":"Tema 3","pages":[{"title":"Sida","text":"Text 3","forms":["halsoskattning"]},{"title":"Övning","text":"Övning 3","forms":[]}]},{"number":4,"title":"Tema 4","pages":[{"title":"Sida","text":"Text 4","forms":[]},{"title":"Övning","text":"Övning 4","forms":[]}]}],"forms":[{"key":"halsoskattning","title":"Hälsoskattning","questions":[{"key":"smarta","text":"Hur ont?","required":true,"lowest":0,"highest":10,"low_label":"","high_label":"","scored":false,"alert_from":9,"kind":"scale"}],"alert_from":null},{"key":"vardag","title":"Vardagen","questions":[{"key":"hemma","text":"Hur går det hemma?","required":true,"options":[{"key":"bra","text":"Bra","score":0,"alert":false},{"key":"svart","text":"Svårt","score":3,"alert":false},{"key":"ring","text":"Ring mig","score":null,"alert":true}],"kind":"choice"},{"key":"var","text":"Var?","required":false,"options":[{"key":"rygg","text":"Rygg","score":1,"alert":false},{"key":"axel","text":"Axel","score":2,"alert":false}],"kind":"many-choices"},{"key":"timmar","text":"Sömn?","required":false,"lowest":0,"highest":24,"unit_label":"","whole":false,"scored":false,"alert_from":null,"kind":"number"},{"key":"steg","text":"Trappor?","required":false,"lowest":0,"highest":50,"unit_label":"","whole":true,"scored":true,"alert_from":40,"kind":"number"},{"key":"fritext","text":"Något mer?","required":false,"longest":40,"kind":"text"},{"key":"dag","text":"När?","required":false,"kind":"date"}],"alert_from":6}],"reading_order":[1,2,3],"required":[1,2,3],"ordering":"guided","completion":"declared","end_reasons":[{"key":"klar","title":"Klar"},{"key":"avbruten","title":"Avbruten"}],"access_months":12,"pace":{"modules_a_week":1,"hours_from":2,"hours_to":6},"example":true}');
CREATE TABLE purge_plan_items (
	plan_id TEXT NOT NULL, 
	place INTEGER NOT NULL, 
	unit TEXT NOT NULL, 
	enrolment_id TEXT NOT NULL, 
	version INTEGER NOT NULL, 
	ended_at TEXT NOT NULL, 
	last_entry_at TEXT NOT NULL, 
	exported INTEGER NOT NULL, reason TEXT DEFAULT 'period-over' NOT NULL, 
	CONSTRAINT pk_purge_plan_items PRIMARY KEY (plan_id, place), 
	CONSTRAINT fk_purge_plan_items_plan_id FOREIGN KEY(plan_id) REFERENCES purge_plans (id)
)
 WITHOUT ROWID

;
INSERT INTO "purge_plan_items" VALUES('e-0014',1,'SE2321000131-E000000000001','e-0001',2,'2015-03-02T07:00:00.000000Z','2015-03-02T07:00:00.000000Z',0,'period-over');
CREATE TABLE purge_plans (
	id TEXT NOT NULL, 
	unit TEXT NOT NULL, 
	made_at TEXT NOT NULL, 
	approved BOOLEAN NOT NULL, 
	data TEXT NOT NULL, 
	CONSTRAINT pk_purge_plans PRIMARY KEY (id)
);
INSERT INTO "purge_plans" VALUES('e-0014','SE2321000131-E000000000001','2026-06-14T18:00:00.000000Z',1,'{"id":"e-0014","unit":"SE2321000131-E000000000001","made_by":"SE2321000131-P000000000004","made_at":"2026-06-14T18:00:00.000000Z","ended_before":"2016-06-14T18:00:00.000000Z","enrolments":[],"decision":{"reference":"RS 2026-1","by":"SE2321000131-P000000000004","at":"2026-06-14T18:00:00.000000Z"},"unreadable":[]}');
CREATE TABLE purge_progress (
	plan_id TEXT NOT NULL, 
	enrolment_id TEXT NOT NULL, 
	unit TEXT, 
	skipped TEXT, 
	CONSTRAINT pk_purge_progress PRIMARY KEY (plan_id, enrolment_id)
)
 WITHOUT ROWID

;
CREATE TABLE purge_receipts (
	plan_id TEXT NOT NULL, 
	unit TEXT NOT NULL, 
	purged_at TEXT NOT NULL, 
	data TEXT NOT NULL, 
	CONSTRAINT pk_purge_receipts PRIMARY KEY (plan_id)
);
CREATE TABLE staff_messages (
	number INTEGER NOT NULL, 
	"key" TEXT NOT NULL, 
	channel TEXT NOT NULL, 
	recipient TEXT NOT NULL, 
	template TEXT NOT NULL, 
	link TEXT NOT NULL, 
	sent_at TEXT NOT NULL, 
	fetched_at TEXT, 
	CONSTRAINT pk_staff_messages PRIMARY KEY (number)
);
CREATE TABLE timeline (
	enrolment_id TEXT NOT NULL, 
	seq INTEGER NOT NULL, 
	unit TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	shape INTEGER NOT NULL, 
	at TEXT NOT NULL, 
	"by" TEXT NOT NULL, 
	data TEXT NOT NULL, 
	CONSTRAINT pk_timeline PRIMARY KEY (enrolment_id, seq), 
	CONSTRAINT fk_timeline_enrolment_id FOREIGN KEY(enrolment_id) REFERENCES enrolments (id)
)
 WITHOUT ROWID

;
INSERT INTO "timeline" VALUES('e-0001',1,'SE2321000131-E000000000001','started',0,'2015-03-02T07:00:00.000000Z','SE2321000131-P000000123456','{"enrolment_id":"e-0001","person":{"scheme":"personnummer","value":"198507099805"},"unit":"SE2321000131-E000000000001","therapist":"SE2321000131-P000000123456","program":"smartskola","program_version":"1","access_until":"2016-03-02T07:00:00.000000Z","flagged":false}');
INSERT INTO "timeline" VALUES('e-0001',2,'SE2321000131-E000000000001','ended',0,'2015-03-02T07:00:00.000000Z','SE2321000131-P000000123456','{"reason":"klar"}');
INSERT INTO "timeline" VALUES('e-0002',1,'SE2321000131-E000000000001','started',0,'2025-05-02T06:00:00.000000Z','SE2321000131-P000000123456','{"enrolment_id":"e-0002","person":{"scheme":"personnummer","value":"200002292399"},"unit":"SE2321000131-E000000000001","therapist":"SE2321000131-P000000123456","program":"smartskola","program_version":"1","access_until":"2026-05-02T06:00:00.000000Z","flagged":false}');
INSERT INTO "timeline" VALUES('e-0002',2,'SE2321000131-E000000000001','access-ended',0,'2026-06-14T18:00:00.000000Z','system','{"access_until":"2026-05-02T06:00:00.000000Z","kept":false}');
INSERT INTO "timeline" VALUES('e-0003',1,'SE2321000131-E000000000001','started',0,'2026-03-02T07:00:00.000000Z','SE2321000131-P000000123456','{"enrolment_id":"e-0003","person":{"scheme":"personnummer","value":"195704289999"},"unit":"SE2321000131-E000000000001","therapist":"SE2321000131-P000000123456","program":"smartskola","program_version":"1","access_until":"2027-03-02T07:00:00.000000Z","flagged":false}');
INSERT INTO "timeline" VALUES('e-0004',1,'SE2321000131-E000000000001','started',0,'2026-03-02T07:00:00.000000Z','SE2321000131-P000000123456','{"enrolment_id":"e-0004","person":{"scheme":"personnummer","value":"194608239986"},"unit":"SE2321000131-E000000000001","therapist":"SE2321000131-P000000123456","program":"smartskola","program_version":"1","access_until":"2027-03-02T07:00:00.000000Z","flagged":false}');
INSERT INTO "timeline" VALUES('e-0004',2,'SE2321000131-E000000000001','module-opened',0,'2026-03-02T07:00:00.000000Z','patient','{"module":1,"out_of_order":false}');
INSERT INTO "timeline" VALUES('e-0004',3,'SE2321000131-E000000000001','page-read',0,'2026-03-02T07:00:00.000000Z','patient','{"module":1,"page":1}');
INSERT INTO "timeline" VALUES('e-0004',4,'SE2321000131-E000000000001','module-opened',0,'2026-03-02T07:00:00.000000Z','patient','{"module":3,"out_of_order":true}');
INSERT INTO "timeline" VALUES('e-0004',5,'SE2321000131-E000000000001','form-saved',0,'2026-03-02T07:00:00.000000Z','patient','{"form":"halsoskattning","number":1,"score":null,"alert":false,"module":null,"reasons":[]}');
INSERT INTO "timeline" VALUES('e-0004',6,'SE2321000131-E000000000001','form-read',0,'2026-03-02T07:00:00.000000Z','SE2321000131-P000000123456','{"form":"halsoskattning","up_to":1,"opened":true}');
INSERT INTO "timeline" VALUES('e-0004',7,'SE2321000131-E000000000001','form-saved',0,'2026-03-05T07:00:00.000000Z','patient','{"form":"halsoskattning","number":2,"score":null,"alert":true,"module":null,"reasons":[{"question":"smarta","threshold":9}]}');
INSERT INTO "timeline" VALUES('e-0004',8,'SE2321000131-E000000000001','form-saved',0,'2026-03-05T07:00:00.000000Z','patient','{"form":"vardag","number":1,"score":0,"alert":false,"module":2,"reasons":[]}');
INSERT INTO "timeline" VALUES('e-0004',9,'SE2321000131-E000000000001','conversation-started',0,'2026-03-05T07:00:00.000000Z','patient','{"conversation":1}');
INSERT INTO "timeline" VALUES('e-0004',10,'SE2321000131-E000000000001','message-sent',0,'2026-03-05T07:00:00.000000Z','patient','{"conversation":1,"author":"patient","number":1,"notify":"none"}');
INSERT INTO "timeline" VALUES('e-0004',11,'SE2321000131-E000000000001','reviewed',0,'2026-03-05T07:00:00.000000Z','SE2321000131-P000000123456','{}');
INSERT INTO "timeline" VALUES('e-0005',1,'SE2321000131-E000000000001','started',0,'2026-03-02T07:00:00.000000Z','SE2321000131-P000000123456','{"enrolment_id":"e-0005","person":{"scheme":"personnummer","value":"190901219931"},"unit":"SE2321000131-E000000000001","therapist":"SE2321000131-P000000123456","program":"smartskola","program_version":"1","access_until":"2027-03-02T07:00:00.000000Z","flagged":false}');
INSERT INTO "timeline" VALUES('e-0005',2,'SE2321000131-E000000000001','module-opened',0,'2026-06-14T18:00:00.000000Z','patient','{"module":1,"out_of_order":false}');
INSERT INTO "timeline" VALUES('e-0005',3,'SE2321000131-E000000000001','module-completed',0,'2026-06-14T18:00:00.000000Z','patient','{"module":1}');
INSERT INTO "timeline" VALUES('e-0005',4,'SE2321000131-E000000000001','module-opened',0,'2026-06-14T18:00:00.000000Z','patient','{"module":2,"out_of_order":false}');
INSERT INTO "timeline" VALUES('e-0005',5,'SE2321000131-E000000000001','module-completed',0,'2026-06-14T18:00:00.000000Z','patient','{"module":2}');
INSERT INTO "timeline" VALUES('e-0005',6,'SE2321000131-E000000000001','module-opened',0,'2026-06-14T18:00:00.000000Z','patient','{"module":3,"out_of_order":false}');
INSERT INTO "timeline" VALUES('e-0005',7,'SE2321000131-E000000000001','module-completed',0,'2026-06-14T18:00:00.000000Z','patient','{"module":3}');
INSERT INTO "timeline" VALUES('e-0005',8,'SE2321000131-E000000000001','program-done',0,'2026-06-14T18:00:00.000000Z','patient','{}');
INSERT INTO "timeline" VALUES('e-0006',1,'SE2321000131-E000000000001','started',0,'2026-03-02T07:00:00.000000Z','SE2321000131-P000000123456','{"enrolment_id":"e-0006","person":{"scheme":"personnummer","value":"200004059937"},"unit":"SE2321000131-E000000000001","therapist":"SE2321000131-P000000123456","program":"smartskola","program_version":"1","access_until":"2027-03-02T07:00:00.000000Z","flagged":false}');
INSERT INTO "timeline" VALUES('e-0006',2,'SE2321000131-E000000000001','module-opened',0,'2026-03-05T07:00:00.000000Z','patient','{"module":1,"out_of_order":false}');
INSERT INTO "timeline" VALUES('e-0006',3,'SE2321000131-E000000000001','module-completed',0,'2026-03-05T07:00:00.000000Z','patient','{"module":1}');
INSERT INTO "timeline" VALUES('e-0006',4,'SE2321000131-E000000000001','module-opened',0,'2026-03-05T07:00:00.000000Z','patient','{"module":2,"out_of_order":false}');
INSERT INTO "timeline" VALUES('e-0006',5,'SE2321000131-E000000000001','module-completed',0,'2026-03-05T07:00:00.000000Z','patient','{"module":2}');
INSERT INTO "timeline" VALUES('e-0006',6,'SE2321000131-E000000000001','maintained',0,'2026-06-14T18:00:00.000000Z','SE2321000131-P000000123456','{"days":30,"modules":[1,2],"access_until":"2026-07-14T22:00:00.000000Z"}');
INSERT INTO "timeline" VALUES('e-0007',1,'SE2321000131-E000000000001','started',0,'2026-03-02T07:00:00.000000Z','SE2321000131-P000000123456','{"enrolment_id":"e-0007","person":{"scheme":"personnummer","value":"191212121212"},"unit":"SE2321000131-E000000000001","therapist":"SE2321000131-P000000123456","program":"smartskola","program_version":"1","access_until":"2027-03-02T07:00:00.000000Z","flagged":false}');
INSERT INTO "timeline" VALUES('e-0007',2,'SE2321000131-E000000000001','maintained',0,'2026-03-05T07:00:00.000000Z','SE2321000131-P000000123456','{"days":1,"modules":[1],"access_until":"2026-03-06T23:00:00.000000Z"}');
INSERT INTO "timeline" VALUES('e-0007',3,'SE2321000131-E000000000001','access-ended',0,'2026-06-14T18:00:00.000000Z','system','{"access_until":"2026-03-06T23:00:00.000000Z","kept":false}');
INSERT INTO "timeline" VALUES('e-0008',1,'SE2321000131-E000000000001','started',0,'2026-03-02T07:00:00.000000Z','SE2321000131-P000000123456','{"enrolment_id":"e-0008","person":{"scheme":"personnummer","value":"196101182803"},"unit":"SE2321000131-E000000000001","therapist":"SE2321000131-P000000123456","program":"smartskola","program_version":"1","access_until":"2027-03-02T07:00:00.000000Z","flagged":false}');
INSERT INTO "timeline" VALUES('e-0008',2,'SE2321000131-E000000000001','form-saved',0,'2026-03-05T07:00:00.000000Z','patient','{"form":"halsoskattning","number":1,"score":null,"alert":false,"module":null,"reasons":[]}');
INSERT INTO "timeline" VALUES('e-0008',3,'SE2321000131-E000000000001','ended',0,'2026-03-05T07:00:00.000000Z','SE2321000131-P000000123456','{"reason":"avbruten"}');
INSERT INTO "timeline" VALUES('e-0009',1,'SE2321000131-E000000000001','started',0,'2026-03-02T07:00:00.000000Z','SE2321000131-P000000123456','{"enrolment_id":"e-0009","person":{"scheme":"personnummer","value":"189602029812"},"unit":"SE2321000131-E000000000001","therapist":"SE2321000131-P000000123456","program":"smartskola","program_version":"1","access_until":"2027-03-02T07:00:00.000000Z","flagged":false}');
INSERT INTO "timeline" VALUES('e-0009',2,'SE2321000131-E000000000001','conversation-started',0,'2026-06-14T18:00:00.000000Z','SE2321000131-P000000123456','{"conversation":1}');
INSERT INTO "timeline" VALUES('e-0009',3,'SE2321000131-E000000000001','message-sent',0,'2026-06-14T18:00:00.000000Z','SE2321000131-P000000123456','{"conversation":1,"author":"therapist","number":1,"notify":"collected"}');
INSERT INTO "timeline" VALUES('e-0010',1,'SE2321000131-E000000000001','started',0,'2026-03-02T07:00:00.000000Z','SE2321000131-P000000123456','{"enrolment_id":"e-0010","person":{"scheme":"personnummer","value":"200302022389"},"unit":"SE2321000131-E000000000001","therapist":"SE2321000131-P000000123456","program":"smartskola","program_version":"1","access_until":"2027-03-02T07:00:00.000000Z","flagged":false}');
INSERT INTO "timeline" VALUES('e-0010',2,'SE2321000131-E000000000001','conversation-started',0,'2026-06-14T18:00:00.000000Z','SE2321000131-P000000123456','{"conversation":1}');
INSERT INTO "timeline" VALUES('e-0010',3,'SE2321000131-E000000000001','message-sent',0,'2026-06-14T18:00:00.000000Z','SE2321000131-P000000123456','{"conversation":1,"author":"therapist","number":1,"notify":"direct"}');
INSERT INTO "timeline" VALUES('e-0011',1,'SE2321000131-E000000000001','started',0,'2026-03-02T07:00:00.000000Z','SE2321000131-P000000123456','{"enrolment_id":"e-0011","person":{"scheme":"personnummer","value":"190905271474"},"unit":"SE2321000131-E000000000001","therapist":"SE2321000131-P000000123456","program":"smartskola","program_version":"1","access_until":"2027-03-02T07:00:00.000000Z","flagged":false}');
INSERT INTO "timeline" VALUES('e-0011',2,'SE2321000131-E000000000001','conversation-started',0,'2026-03-05T07:00:00.000000Z','patient','{"conversation":1}');
INSERT INTO "timeline" VALUES('e-0011',3,'SE2321000131-E000000000001','message-sent',0,'2026-03-05T07:00:00.000000Z','patient','{"conversation":1,"author":"patient","number":1,"notify":"none"}');
INSERT INTO "timeline" VALUES('e-0011',4,'SE2321000131-E000000000001','handed-over',0,'2026-03-05T07:00:00.000000Z','SE2321000131-P000000000003','{"therapist":"SE2321000131-P000000000002","flagged":true}');
INSERT INTO "timeline" VALUES('e-0012',1,'SE2321000131-E000000000001','started',0,'2026-03-02T07:00:00.000000Z','SE2321000131-P000000123456','{"enrolment_id":"e-0012","person":{"scheme":"samordningsnummer","value":"191401682396"},"unit":"SE2321000131-E000000000001","therapist":"SE2321000131-P000000000002","program":"smartskola","program_version":"1","access_until":"2027-03-02T07:00:00.000000Z","flagged":true}');
INSERT INTO "timeline" VALUES('e-0013',1,'SE2321000131-E000000000001','started',0,'2026-03-02T07:00:00.000000Z','SE2321000131-P000000123456','{"enrolment_id":"e-0013","person":{"scheme":"vgr-reservnummer","value":"19810829M071"},"unit":"SE2321000131-E000000000001","therapist":"SE2321000131-P000000123456","program":"smartskola","program_version":"1","access_until":"2027-03-02T07:00:00.000000Z","flagged":false}');
INSERT INTO "timeline" VALUES('e-0013',2,'SE2321000131-E000000000001','conversation-started',0,'2026-03-05T07:00:00.000000Z','SE2321000131-P000000123456','{"conversation":1}');
INSERT INTO "timeline" VALUES('e-0013',3,'SE2321000131-E000000000001','message-sent',0,'2026-03-05T07:00:00.000000Z','SE2321000131-P000000123456','{"conversation":1,"author":"therapist","number":1,"notify":"direct"}');
INSERT INTO "timeline" VALUES('e-0013',4,'SE2321000131-E000000000001','notification-undelivered',0,'2026-06-14T18:00:00.000000Z','system','{"notification":"e-0013.3.inbox.20260305T070000","channel":"inbox","status":"unreachable"}');
CREATE INDEX ix_access_log_person ON access_log (unit, person_value, number);
CREATE INDEX ix_access_log_unit ON access_log (unit, number);
CREATE INDEX ix_enrolments_access_ended ON enrolments (access_until) WHERE ended_at IS NULL AND (noted_end IS NULL OR noted_end <> access_until);
CREATE INDEX ix_enrolments_caseload ON enrolments (unit, therapist) WHERE ended_at IS NULL;
CREATE INDEX ix_enrolments_ended ON enrolments (unit, id) WHERE ended_at IS NOT NULL;
CREATE INDEX ix_enrolments_person ON enrolments (person_value, person_scheme);
CREATE UNIQUE INDEX uq_enrolments_open ON enrolments (person_value, person_scheme, program, unit) WHERE ended_at IS NULL;
CREATE INDEX ix_notices_person ON notices (person_value, person_scheme);
CREATE INDEX ix_purge_receipts_unit ON purge_receipts (unit, purged_at);
CREATE INDEX ix_staff_messages_waiting ON staff_messages (channel, number) WHERE fetched_at IS NULL;
CREATE UNIQUE INDEX uq_staff_messages_key ON staff_messages (channel, "key");
CREATE UNIQUE INDEX uq_digests_recipient ON digests (unit, recipient_value, recipient_scheme, channel, template) WHERE collected;
CREATE INDEX ix_digest_notifications_pending ON digest_notifications (digest_id) WHERE status = 'pending';
CREATE INDEX ix_digest_notifications_unnoted ON digest_notifications (id) WHERE NOT noted;
CREATE INDEX ix_digest_notifications_digest ON digest_notifications (digest_id, batch_key);
CREATE INDEX ix_digest_notifications_enrolment ON digest_notifications (enrolment_id);
CREATE INDEX ix_completed_calls_enrolment_id ON completed_calls (enrolment_id);
CREATE INDEX ix_purge_plans_unit ON purge_plans (unit, made_at, id);
CREATE INDEX ix_access_log_author ON access_log (unit, "by", number);
CREATE INDEX ix_digest_notifications_given_up ON digest_notifications (settled_at, id) WHERE status IN ('unreachable', 'failed');
CREATE INDEX ix_digests_due ON digests (collected, oldest_due_at, next_at, id) WHERE next_at IS NOT NULL;
CREATE INDEX ix_exports_unit ON exports (unit, exported_at, id);
CREATE INDEX ix_enrolments_withdrawn ON enrolments (id) WHERE phase = 'withdrawn';
COMMIT;
