-- Database, table and account for a new installation of checkpw-mysql, with `schema = checkpw`.
-- As root: mariadb < schema.sql. Change the two passwords before, and the host of the account
-- where the mail server is another machine. See checkpw-mysql(8).

CREATE DATABASE IF NOT EXISTS mail;
USE mail;

CREATE TABLE users (
	-- The whole login: joe@example.org, or joe. ascii_general_ci is what `case = fold` means:
	-- JOE and joe are one user, found through the index, and there are no accents. With
	-- `case = exact` take ascii_bin, for logins beyond ASCII utf8mb4_bin.
	login VARCHAR(255) CHARACTER SET ascii COLLATE ascii_general_ci NOT NULL,
	-- A secret as in poppasswd(5): {PLAIN}secret, {CRAM-MD5}..., $6$...
	password VARCHAR(512) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
	-- What is become with `become = yes`. 0 is refused there, and means nothing elsewhere.
	uid INT UNSIGNED NOT NULL DEFAULT 0,
	gid INT UNSIGNED NOT NULL DEFAULT 0,
	-- An absolute path, or one below `home-base`.
	home VARCHAR(512) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL DEFAULT '',
	disabled BOOLEAN NOT NULL DEFAULT FALSE,
	-- From then on the user is refused; UTC. NULL: never.
	expires DATETIME NULL DEFAULT NULL,
	PRIMARY KEY (login)
);

INSERT INTO users (login, password) VALUES ('joe@example.org', '{PLAIN}secret');

-- The account of the checker reads this table and nothing else. 'localhost' is the socket; over
-- TCP it is the address of the mail server, with REQUIRE SSL.
CREATE USER 'checkpw'@'localhost' IDENTIFIED BY 'change me';
GRANT SELECT (login, password, uid, gid, home, disabled, expires) ON mail.users
	TO 'checkpw'@'localhost';

-- Only for `after-login`: a column that it writes, and the right to write it.
-- ALTER TABLE users ADD last_login DATETIME NULL;
-- GRANT UPDATE (last_login) ON mail.users TO 'checkpw'@'localhost';
