# checkpw-mysql against a real server: schemas, columns, mechanisms, and logins that are hostile.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Checker;
use MariaDB;
use Test::More;

need_mariadb();
$SIG{ALRM} = sub { die "a checker or a server did not end\n" };
alarm 900;

my $server = MariaDB->new('main', '--slow-query-log', '--long-query-time=0', '--character-set-server=utf8mb4');
my $password = 'Kennwort-7391';
my $md5crypt = '$1$abcdefgh$' . (split /\$/, crypt $password, '$1$abcdefgh$')[3];
my $sha512 = crypt $password, '$6$abcdefgh$';
my $context = '{CRAM-MD5}' . cram_context($password);

sub sql { return $server->sql(join ";\n", @_) }

# ---- the tables ----------------------------------------------------------------------------------

# vmysql.h: LARGE_TABLE_LAYOUT and SMALL_TABLE_LAYOUT, with and without CLEAR_PASS.
my $vpopmail = 'pw_passwd CHAR(128), pw_uid INT, pw_gid INT, pw_gecos CHAR(48), pw_dir CHAR(160), pw_shell CHAR(20)';
my $clear = 'pw_clear_passwd CHAR(16)';
my $large = "pw_name CHAR(32) NOT NULL, pw_domain CHAR(96) NOT NULL, $vpopmail, $clear, PRIMARY KEY (pw_name, pw_domain)";
my $small = "pw_name CHAR(32) NOT NULL, $vpopmail, PRIMARY KEY (pw_name)";

# postfixadmin's upgrade.php.
my $domain = <<'SQL';
domain VARCHAR(255) NOT NULL, description VARCHAR(255) CHARACTER SET utf8 NOT NULL, aliases INT(10) NOT NULL DEFAULT 0,
mailboxes INT(10) NOT NULL DEFAULT 0, maxquota BIGINT(20) NOT NULL DEFAULT 0, quota BIGINT(20) NOT NULL DEFAULT 0,
transport VARCHAR(255) NOT NULL DEFAULT '', backupmx TINYINT(1) NOT NULL DEFAULT 0,
created DATETIME NOT NULL DEFAULT '2000-01-01 00:00:00', modified DATETIME NOT NULL DEFAULT '2000-01-01 00:00:00',
active TINYINT(1) NOT NULL DEFAULT 1, password_expiry INT(11) DEFAULT 0, PRIMARY KEY (domain)
SQL
my $mailbox = <<'SQL';
username VARCHAR(255) NOT NULL, password VARCHAR(255) NOT NULL, name VARCHAR(255) CHARACTER SET utf8 NOT NULL DEFAULT '',
maildir VARCHAR(255) NOT NULL, quota BIGINT(20) NOT NULL DEFAULT 0, local_part VARCHAR(255) NOT NULL,
domain VARCHAR(255) NOT NULL, created DATETIME NOT NULL DEFAULT '2000-01-01 00:00:00',
modified DATETIME NOT NULL DEFAULT '2000-01-01 00:00:00', active TINYINT(1) NOT NULL DEFAULT 1,
phone VARCHAR(30) CHARACTER SET utf8 NOT NULL DEFAULT '', email_other VARCHAR(255) CHARACTER SET utf8 NOT NULL DEFAULT '',
token VARCHAR(255) CHARACTER SET utf8 NOT NULL DEFAULT '', token_validity DATETIME NOT NULL DEFAULT '2000-01-01 00:00:00',
password_expiry DATETIME NOT NULL DEFAULT '2000-01-01 00:00:00', PRIMARY KEY (username), KEY domain (domain)
SQL
my $alias_domain = <<'SQL';
alias_domain VARCHAR(255) NOT NULL, target_domain VARCHAR(255) NOT NULL,
created DATETIME NOT NULL DEFAULT '2000-01-01 00:00:00', modified DATETIME NOT NULL DEFAULT '2000-01-01 00:00:00',
active TINYINT(1) NOT NULL DEFAULT 1, PRIMARY KEY (alias_domain), KEY active (active), KEY target_domain (target_domain)
SQL

# Courier's authmysqlrc.
my $passwd = <<'SQL';
id CHAR(128) NOT NULL, crypt CHAR(128) NOT NULL DEFAULT '', clear CHAR(128) NOT NULL DEFAULT '',
name CHAR(128) NOT NULL DEFAULT '', uid INT UNSIGNED NOT NULL DEFAULT 65534, gid INT UNSIGNED NOT NULL DEFAULT 65534,
home CHAR(255) NOT NULL DEFAULT '', maildir CHAR(255) NOT NULL DEFAULT '', PRIMARY KEY (id)
SQL

# 10 000 rows in each, from joe1 to joe10000, and joe.
sub lay_out {
	my ($database, $charset) = @_;
	my $numbers = "SELECT CONCAT('joe', IF(seq = 0, '', seq))";
	my $from = 'FROM seq_0_to_10000';
	sql "CREATE DATABASE $database CHARACTER SET $charset", "USE $database",
	  'CREATE TABLE users (login VARCHAR(255) NOT NULL PRIMARY KEY, password VARCHAR(255), uid INT UNSIGNED NOT NULL DEFAULT 1000,'
	  . " gid INT UNSIGNED NOT NULL DEFAULT 1000, home VARCHAR(255) NOT NULL DEFAULT '/', disabled TINYINT NOT NULL DEFAULT 0,"
	  . ' expires DATETIME NULL)',
	  "CREATE TABLE vpopmail ($large)", "CREATE TABLE example_org ($small)", "CREATE TABLE domain ($domain)",
	  "CREATE TABLE mailbox ($mailbox)", "CREATE TABLE alias_domain ($alias_domain)", "CREATE TABLE passwd ($passwd)",
	  'CREATE TABLE accounts (id VARCHAR(64), domain VARCHAR(64), clearpass VARCHAR(64), PRIMARY KEY (id, domain))',
	  "INSERT INTO users (login, password) $numbers, '$sha512' $from",
	  "INSERT INTO vpopmail $numbers, 'example.org', '$md5crypt', 0, 0, '', '/', '', '' $from",
	  "INSERT INTO example_org $numbers, '$md5crypt', 0, 0, '', '/', '' $from",
	  "INSERT INTO domain (domain, description) VALUES ('example.org', ''), ('alias.example', ''), ('off.example', ''), ('other.example', '')",
	  "UPDATE domain SET active = 0 WHERE domain = 'off.example'",
	  "INSERT INTO alias_domain (alias_domain, target_domain) VALUES ('alias.example', 'example.org')",
	  "INSERT INTO alias_domain (alias_domain, target_domain, active) VALUES ('gone.example', 'example.org', 0)",
	  'INSERT INTO mailbox (username, password, maildir, local_part, domain) '
	  . "SELECT CONCAT(l, '\@example.org'), '{SHA512-CRYPT}$sha512', CONCAT('example.org/', l, '/'), l, 'example.org' FROM ($numbers AS l $from) t",
	  'INSERT INTO mailbox (username, password, maildir, local_part, domain) '
	  . "VALUES ('joe\@off.example', '$sha512', 'x', 'joe', 'off.example'), ('joe\@other.example', '$md5crypt', 'x', 'joe', 'other.example')",
	  "INSERT INTO passwd (id, crypt, clear) $numbers, '$md5crypt', '' $from",
	  "INSERT INTO accounts $numbers, 'example.org', '$password' $from",
	  'ANALYZE TABLE users, vpopmail, example_org, domain, mailbox, alias_domain, passwd, accounts';
	return;
}
lay_out('latin', 'latin1');
lay_out('utf', 'utf8mb4');
sql "CREATE USER mail\@localhost IDENTIFIED BY 'db secret'", 'GRANT SELECT ON *.* TO mail@localhost',
  'CREATE TABLE utf.seen (login VARBINARY(400), user VARBINARY(400), domain VARBINARY(400), service TEXT, ip TEXT, logins INT DEFAULT 1)',
  'GRANT INSERT, UPDATE ON utf.seen TO mail@localhost';

# ---- one login -----------------------------------------------------------------------------------

# Keys beyond those of `attempt`: login, password, schema or query, database.
sub login {
	my (%given) = @_;
	$given{config} = ($given{config} // '') . "servers = $server->{socket}\nuser = mail\npassword = db secret\n"
	  . 'database = ' . ($given{database} // 'utf') . "\n"
	  . ($given{query} ? "query = $given{query}\n" : 'schema = ' . ($given{schema} // 'checkpw') . "\n");
	$given{message} //= ($given{login} // 'joe') . "\0" . ($given{password} // $password) . "\0\0";
	return attempt(program => [ checker('checkpw-mysql') ], %given);
}

# The exit code, the reason, and what the log has for detail; no password in it, nothing on stdout.
sub row {
	my ($name, $want, %given) = @_;
	my ($detail, $warning) = delete @given{qw(detail warning)};
	my $got = login(%given);
	my $outcome = ($got->{signal} ? "signal $got->{signal}" : $got->{exit}) . ($got->{probe} ? ' ran' : '');
	my $line = $got->{line} // {};
	is_deeply [ "$outcome $line->{reason}", $got->{stdout} ], [ $want, '' ], $name or diag $got->{log};
	is $line->{detail} // '', qq("$detail"), '... detail' if defined $detail;
	like $got->{log}, $warning, '... warning' if $warning;
	unlike $got->{log}, qr/warning/, '... no warning' if !$warning && $want =~ /^0/;
	unlike $got->{log}, qr/\Q$password\E|db secret/, '... no password in the log' if $want !~ /^0/;
	return $got;
}
my ($accepted, $refused, $trouble) = ('0 ran ok', '1 mismatch', '111 store');

sub cram {
	my ($login, $key) = @_;
	my $challenge = challenge();
	return "$login\0" . hmac_md5_hex($challenge, $key // $password) . "\0$challenge\0";
}

# ---- schemas -------------------------------------------------------------------------------------

my %at = map { $_ => $_ =~ /checkpw|courier/ ? 'joe' : 'joe@example.org' }
  qw(checkpw vpopmail vpopmail-clear vpopmail-single-domain postfixadmin courier accounts);

# What the server read to answer the last query of the checker.
sub rows_examined {
	my ($path) = glob "$server->{dir}/data/*-slow.log";
	my ($last) = reverse grep { /SELECT .*\bWHERE\b/s } split /^# User\@Host: /m, read_file($path);
	return $last =~ /Rows_examined: (\d+)/ ? $1 : 'none';
}

for my $schema (sort keys %at) {
	for my $database ('latin', 'utf') {
		my @at = (schema => $schema, database => $database);
		my $login = $at{$schema};
		row "$schema, $database: accepted", $accepted, @at, login => $login;
		cmp_ok rows_examined(), '<=', 5, '... the index is used';
		row "$schema, $database: wrong password", $refused, @at, login => $login, password => 'Falsch-4482';
		row "$schema, $database: unknown login", $refused, @at, login => "x$login";
		cmp_ok rows_examined(), '<=', 5, '... the index is used';
		row "$schema, $database: empty password", '1 empty', @at, login => $login, password => '';
		row "$schema, $database: upper case", $accepted, @at, login => uc $login;
		row "$schema, $database: LOGIN", $accepted, @at, message => "$login\0$password\0Y123456\0";
		my $one_way = $schema eq 'accounts' ? $accepted : '1 one-way';
		row "$schema, $database: CRAM-MD5", $one_way, @at, message => cram($login);
	}
	row "$schema: another domain", $refused, schema => $schema,
	  login => 'joe@nowhere.example';
	row "$schema: default-domain", $at{$schema} =~ /@/ ? $accepted : $refused, schema => $schema, login => 'joe',
	  config => "default-domain = example.org\n";
	row "$schema: without a domain", $at{$schema} =~ /@/ ? $refused : $accepted, schema => $schema, login => 'joe';
}

# vpopmail: splits at %, flags, a clear password beside a hash.
row 'vpopmail: joe%example.org', $accepted, schema => 'vpopmail', login => 'joe%example.org';
row 'vpopmail: joe/example.org', $accepted, schema => 'vpopmail', login => 'joe/example.org';
sql 'USE utf', "UPDATE vpopmail SET pw_gid = 0x802 WHERE pw_name = 'joe1'",
  "UPDATE vpopmail SET pw_clear_passwd = 'clear-17' WHERE pw_name = 'joe2'",
  "UPDATE vpopmail SET pw_passwd = '' WHERE pw_name = 'joe3'", "UPDATE vpopmail SET pw_passwd = NULL WHERE pw_name = 'joe4'",
  "UPDATE vpopmail SET pw_passwd = '$password' WHERE pw_name = 'joe5'",
  "UPDATE vpopmail SET pw_passwd = '', pw_clear_passwd = '$password' WHERE pw_name = 'joe6'",
  "UPDATE vpopmail SET pw_passwd = '$context' WHERE pw_name = 'joe7'",
  "UPDATE example_org SET pw_gid = 0x802 WHERE pw_name = 'joe1'",
  'CREATE TABLE a_b_example SELECT * FROM example_org WHERE pw_name = "joe"';
for my $schema (qw(vpopmail vpopmail-clear vpopmail-single-domain)) {
	my @one = (schema => $schema, login => 'joe1@example.org');
	row "$schema: flags, SMTP", '1 no-smtp', @one, env => { TCPLOCALPORT => 25 };
	row "$schema: flags, POP3", '1 no-pop3', @one, env => { TCPLOCALPORT => 110 };
	row "$schema: flags, IMAP", $accepted, @one, env => { TCPLOCALPORT => 143 };
	row "$schema: flags, wrong password", $refused, @one, env => { TCPLOCALPORT => 25 }, password => 'Falsch-4482';
}
my @clear = (schema => 'vpopmail-clear');
row 'vpopmail-clear: CRAM-MD5 with the clear password', $accepted, @clear, message => cram('joe2@example.org', 'clear-17');
row 'vpopmail-clear: the hash counts for PLAIN', $accepted, @clear, login => 'joe2@example.org';
row 'vpopmail-clear: not the clear password', $refused, @clear, login => 'joe2@example.org', password => 'clear-17';
row 'vpopmail-clear: no hash, PLAIN', '1 empty-secret', @clear, login => 'joe6@example.org';
row 'vpopmail-clear: no hash, CRAM-MD5', '1 empty-secret', @clear, message => cram('joe6@example.org');
row 'vpopmail: empty hash', '1 empty-secret', schema => 'vpopmail', login => 'joe3@example.org';
row 'vpopmail: NULL hash', $trouble, schema => 'vpopmail', login => 'joe4@example.org', detail => 'column password is NULL';
row 'vpopmail: a plaintext for a hash', '1 bad-secret', schema => 'vpopmail', login => 'joe5@example.org';
row 'vpopmail: CRAM-MD5 with {CRAM-MD5}', $accepted, schema => 'vpopmail', message => cram('joe7@example.org');
row 'vpopmail-single-domain: dots and dashes in the name of the table', $accepted, schema => 'vpopmail-single-domain',
  login => 'joe@a-b.example';
row "vpopmail-single-domain: what is no domain makes no table: $_", $refused, schema => 'vpopmail-single-domain', login => "joe\@$_"
  for 'a`b', 'a b', "a';--", '`', 'mysql.user`', "\xc3\xa9";

# postfixadmin.
my @postfixadmin = (schema => 'postfixadmin');
for my $database ('latin', 'utf') {
	row "postfixadmin, $database: alias domain", $accepted, @postfixadmin, database => $database, login => 'joe@alias.example';
	cmp_ok rows_examined(), '<=', 5, '... the index is used';
	row "postfixadmin, $database: alias domain, $_", $refused, @postfixadmin, database => $database, login => $_
	  for 'nobody@alias.example', 'joe@alias.example ', "joe\@alias.ex\xc3\xa4mple", "jo\xc3\xa9\@alias.example";
	cmp_ok rows_examined(), '<=', 5, '... the index is used';
}
row 'postfixadmin: the alias domain is not active', $refused, @postfixadmin, login => 'joe@gone.example';
row 'postfixadmin: the domain is not active', '1 locked', @postfixadmin, login => 'joe@off.example';
row 'postfixadmin: the same user of another domain', $accepted, @postfixadmin, login => 'joe@other.example';
sql "UPDATE utf.mailbox SET active = 0 WHERE username = 'joe1\@example.org'";
row 'postfixadmin: not active', '1 locked', @postfixadmin, login => 'joe1@example.org';
row 'postfixadmin: not active, through an alias domain', '1 locked', @postfixadmin, login => 'joe1@alias.example';

# courier.
sql 'USE utf', "UPDATE passwd SET crypt = '', clear = '$password' WHERE id = 'joe1'",
  "UPDATE passwd SET clear = 'clear-17' WHERE id = 'joe2'", "UPDATE passwd SET crypt = '' WHERE id = 'joe3'";
row 'courier: clear, PLAIN', $accepted, schema => 'courier', login => 'joe1';
row 'courier: clear, CRAM-MD5', $accepted, schema => 'courier', message => cram('joe1');
row 'courier: crypt and clear, CRAM-MD5', $accepted, schema => 'courier', message => cram('joe2', 'clear-17');
row 'courier: neither', '1 empty-secret', schema => 'courier', login => 'joe3';

# ---- columns -------------------------------------------------------------------------------------

# A query for joe: columns beside login and password, or instead of them.
sub columns {
	my ($more, %instead) = @_;
	my $login = exists $instead{login} ? $instead{login} : "'joe' AS login";
	my $secret = exists $instead{password} ? $instead{password} : "'$password' AS password";
	return (query => 'SELECT ' . join(', ', grep { length } $login, $secret, $more) . ' FROM DUAL WHERE :login IS NOT NULL');
}
sub column {
	my ($name, $want, $columns, $detail, %given) = @_;
	my %instead = ref $columns ? %{$columns} : ();
	return row "columns: $name", $want, columns(ref $columns ? '' : $columns, %instead), defined $detail ? (detail => $detail) : (), %given;
}

for my $case (
	[ login => 512 ], [ password => 1024 ], [ clear => 512 ], [ uid => 31 ], [ gid => 31 ], [ home => 900 ], [ shell => 255 ],
	[ disabled => 31 ], [ flags => 31 ], [ expires => 31 ]) {
	my ($name, $max) = @{$case};
	my $instead = $name =~ /login|password/ ? $name : 'none';
	for my $length ($max + 1, 70_000, 4_000_000) {
		column "$name of $length bytes", $trouble,
		  $instead eq 'none' ? "REPEAT('1', $length) AS $name" : { $instead => "REPEAT('1', $length) AS $name" }, "column $name is too long";
	}
	# Not too long is something else.
	my $got = login(columns($instead eq 'none' ? "REPEAT('1', $max) AS $name" : '', $instead eq 'none' ? () : ($instead => "REPEAT('1', $max) AS $name")));
	unlike $got->{log}, qr/too long/, "columns: $name of $max bytes" or diag $got->{log};
	column "$name comes twice", $trouble, "1 AS $name, 2 AS $name", "column $name comes twice" if $instead eq 'none';
	column "$name comes twice", $trouble, "1 AS $name", "column $name comes twice" if $instead ne 'none';
	if ($name eq 'expires') {
		column 'expires is NULL: never', $accepted, 'NULL AS expires';
	} elsif ($name eq 'clear') {
		column 'clear is NULL: there is none', $accepted, 'NULL AS clear';
	} else {
		column "$name is NULL", $trouble, $instead eq 'none' ? "NULL AS $name" : { $instead => "NULL AS $name" }, "column $name is NULL";
	}
}
column 'login is missing', $trouble, { login => '' }, 'column login is missing';
column 'password and clear are missing', $trouble, { password => '' }, 'column password is missing, and so is clear';
column 'clear alone is NULL', $trouble, { password => 'NULL AS clear' }, 'column clear is NULL or empty';
column 'clear alone is empty', $trouble, { password => "'' AS clear" }, 'column clear is NULL or empty';
column 'both are NULL', $trouble, { password => 'NULL AS password, NULL AS clear' }, 'column password is NULL';
column 'password is NULL, clear is not', $accepted, { password => "NULL AS password, '$password' AS clear" };
column 'clear alone', $accepted, { password => "'$password' AS clear" };
column 'password is empty', '1 empty-secret', { password => "'' AS password" };
column 'a name that is not known', $trouble, '1 AS banana', 'column \x22banana\x22 is none that is known';
column 'a name without AS', $trouble, '1 + 1', 'column \x221 + 1\x22 is none that is known';
column 'names in any case', $accepted, { login => "'joe' AS LOGIN", password => "'$password' AS PassWord" };
for my $name (qw(uid gid disabled flags)) {
	my $detail = "column $name is no number, or too large";
	column "$name: $_", $trouble, "$_ AS $name", $detail
	  for "'x'", "''", '-1', '1.5', "' 1'", "'1 '", "X'3100'", '18446744073709551615', "'0x10'", "b'1'", 'CURRENT_DATE';
}
column "uid: $_", $trouble, "$_ AS uid", 'column uid is no number, or too large' for 4294967295;
column 'numbers', $accepted, '4294967294 AS uid, 4294967294 AS gid, 0 AS disabled, 0 AS flags';
column 'numbers as text', $accepted, "'1000' AS uid, '1000' AS gid, '0' AS disabled, '0' AS flags, '99999999999' AS expires";
column 'numbers of other types', $accepted, 'CAST(7 AS DECIMAL(10)) AS uid, TRUE AS gid, FALSE AS disabled';
column 'a path with a NUL', $trouble, "CONCAT('/a', CHAR(0), 'b') AS $_", "column $_ holds a NUL byte" for qw(home shell);
column 'disabled', '1 locked', '1 AS disabled', 'column disabled is not 0';
column 'disabled, wrong password', $refused, '1 AS disabled', undef, password => 'Falsch-4482';
column 'flags', '1 no-smtp', '2048 AS flags', undef, env => { TCPLOCALPORT => 25 };
column "expires: $_", $accepted, "$_ AS expires"
  for "'2999-01-01'", "'2999-01-01 00:00:00'", 'NOW() + INTERVAL 2 DAY', 'UNIX_TIMESTAMP() + 60', 'UTC_TIMESTAMP(6) + INTERVAL 1 MINUTE',
  'CURRENT_DATE + INTERVAL 2 DAY';
column "expires: $_", '1 account-expired', "$_ AS expires"
  for '0', "'1999-12-31'", 'UTC_TIMESTAMP() - INTERVAL 1 SECOND', 'UNIX_TIMESTAMP() - 1', 'NOW() - INTERVAL 2 DAY', 'CURRENT_DATE - INTERVAL 2 DAY';
column "expires: $_", $trouble, "$_ AS expires", 'column expires is neither a date nor a Unix time'
  for "''", "'never'", "'0000-00-00'", "'2999-02-30'", "'2999-13-01'", '-1', "'2999-01-01T00:00:00'", "'01.01.2999'";

row 'more than one row', $trouble, query => 'SELECT login, password FROM users WHERE login IN (:login, \'joe1\')', detail => 'more than one row';
row 'more than one row, all of them', $trouble, query => 'SELECT login, password FROM users', detail => 'more than one row';
row 'no row', $refused, query => 'SELECT login, password FROM users WHERE login = :login AND FALSE';
row 'another row', $refused, query => 'SELECT login, password FROM users WHERE login = \'joe1\'';
row 'no answer', $trouble, query => 'DO :login', detail => 'the query has no answer';
row 'a server\'s error', $trouble, query => 'SELECT login, password FROM nothing WHERE login = :login',
  detail => "$server->{socket}: Table 'utf.nothing' doesn't exist (1146)";
row 'all parameters', $accepted, env => { TCPLOCALPORT => 110, TCPREMOTEIP => '192.0.2.7' }, login => 'joe@example.org',
  query => "SELECT CONCAT(:user, '\@', :domain) AS login, '$password' AS password FROM DUAL"
  . " WHERE :login = 'joe\@example.org' AND :service = 'pop3' AND :remote-ip = '192.0.2.7' AND ':login' <> /* :nothing */ '?'";

# ---- mechanisms ----------------------------------------------------------------------------------

my %secret = (PLAIN => "'$password' AS password", clear => "'$password' AS clear", '{CRAM-MD5}' => "'$context' AS password",
	both => "'$sha512' AS password, '$password' AS clear");
for my $kind (sort keys %secret) {
	my @query = columns('', password => $secret{$kind});
	row "$kind: PLAIN", $accepted, @query;
	row "$kind: LOGIN", $accepted, @query, message => "joe\0$password\0Y123456\0";
	row "$kind: CRAM-MD5", $accepted, @query, message => cram('joe');
	row "$kind: wrong CRAM-MD5", $refused, @query, message => cram('joe', 'Falsch-4482');
	row "$kind: an old challenge", '1 stale', @query, message => "joe\0" . hmac_md5_hex(challenge(5000), $password) . "\0" . challenge(5000) . "\0";
}
row 'a hash: CRAM-MD5', '1 one-way', columns('', password => "'$sha512' AS password"), message => cram('joe');
row 'the text of a hash is no password', '1 hash-text', columns('', password => "'$sha512' AS password"), password => $sha512;

# ---- whose row it is -----------------------------------------------------------------------------

row 'case = fold', $accepted, login => 'JoE', config => "case = fold\n";
row 'case = exact', $accepted, login => 'joe', config => "case = exact\n";
row 'case = exact: JoE', $refused, login => 'JoE', config => "case = exact\n";

my @strangers = ('joe ', ' joe', "joe\t", "joe\n", "joe\x7f", "jo\xc3\xa9", "jo\xe9", "JO\xc3\x89", "\xc3", "\xff\xfe", "joe\xc0\x80", "\xed\xa0\x80",
	"\xf0\x9f\x92\xa9", "joe\xf0\x9f\x92\xa9", "\xef\xbc\xaa\xef\xbd\x8f\xef\xbd\x85", "joe\xe2\x80\x8b", "joe\xc2\xa0", 'jo%', 'j_e', '%', '*',
	"'", '"', '`', '\\', "\\'", "joe'", "joe\\", "joe\\0", q(joe' -- ), q(joe' #), q(' OR 1=1 -- ), q(" OR 1=1 -- ), q(\\' OR 1=1 #),
	q(' UNION SELECT 'joe', ''), "\xbf' OR 1=1 -- ", "\xbf\x5c' OR 1=1 -- ", "joe'/*", '*/ OR 1=1', '/*! OR 1=1 */', ';', "joe'; DROP TABLE users; -- ", ':login', '?', '0',
	'1', '0x6a6f65', 'a' x 255, 'a' x 400, 'joe' . ' ' x 252, 'joe' . "\xc3\xa9" x 200, "\xc3\xa9" x 128, 'joe@', '@joe', '@', '@@', 'joe@joe', 'joe@joe@joe');
my @quotes = grep { /['"`\\;?]/ } @strangers;
sub hostile {
	my ($mode, $schema, $database, @logins) = @_;
	my ($domain) = $at{$schema} =~ /(@.*)/ ? $1 : '';
	my $name = "$schema, $database, sql_mode '$mode'";
	my @at = (schema => $schema, database => $database);
	my %wrong;
	for my $login (@logins) {
		my $got = login(@at, login => $login . $domain);
		my $outcome = "$got->{exit} $got->{line}{reason}";
		push @{ $wrong{$outcome} }, $got->{line}{user} if $outcome ne $refused;
	}
	is_deeply \%wrong, {}, "hostile logins are refused: $name" or diag explain \%wrong;
	row "... joe is not, $name", $accepted, @at, login => $at{$schema};
	return;
}
hostile('', $_, 'latin', @strangers) for 'checkpw', 'vpopmail', 'postfixadmin';
hostile('', $_, 'utf', $_ eq 'checkpw' ? @strangers : @quotes) for sort keys %at;
for my $mode ('NO_BACKSLASH_ESCAPES,ANSI_QUOTES', 'ORACLE', 'STRICT_ALL_TABLES,ANSI') {
	sql "SET GLOBAL sql_mode = '$mode'";
	hostile($mode, $_, 'utf', "joe' OR 1=1 -- ", "\\' OR 1=1 #", 'joe" OR "1"="1') for sort keys %at;
}
sql "SET GLOBAL sql_mode = DEFAULT";

# Those that have such a name.
for my $login ("o'brien", 'back\\slash', 'a"b', '`', "x' OR 1=1 -- ", "\xc3\xa4\xc3\xb6\xc3\xbc", "\xed\x95\x9c\xea\xb8\x80", "\xf0\x9f\x92\xa9", 'per%cent', 'x' x 255) {
	sql "INSERT INTO utf.users (login, password) VALUES (X'" . unpack('H*', $login) . "', '$password')";
	row "their own login: $login", $accepted, login => $login;
	row '... with a wrong password', $refused, login => $login, password => 'Falsch-4482';
}

# ---- after-login ---------------------------------------------------------------------------------

my @insert = (config => "after-login = INSERT INTO seen (login, user, domain, service, ip) VALUES (:login, :user, :domain, :service, :remote-ip)\n",
	env => { TCPLOCALPORT => 110, TCPREMOTEIP => '192.0.2.7' });
sub seen { return sql 'SELECT * FROM utf.seen' }
row 'after-login: not for a wrong password', $refused, @insert, password => 'Falsch-4482';
row 'after-login: not for an unknown login', $refused, @insert, login => 'nobody';
row 'after-login: not for a disabled one', '1 locked', @insert, columns('1 AS disabled');
is seen(), '', '... not done';
row 'after-login: done', $accepted, @insert, schema => 'accounts', login => 'joe@example.org';
is seen(), "joe\@example.org\tjoe\texample.org\tpop3\t192.0.2.7\t1\n", '... with its parameters';
row 'after-login: UPDATE', $accepted, config => "after-login = UPDATE seen SET logins = logins + 1 WHERE user = :user\n";
is seen(), "joe\@example.org\tjoe\texample.org\tpop3\t192.0.2.7\t2\n", '... done once';
row 'after-login: a hostile login of one\'s own', $accepted, @insert, login => "x' OR 1=1 -- ";
like seen(), qr/^x' OR 1=1 -- \tx' OR 1=1 -- \t\tpop3/m, '... is bound';
row 'after-login: CRAM-MD5', $accepted, columns('', password => "'$password' AS clear"), message => cram('joe'), @insert;
row 'after-login: a table that is missing', $accepted, config => "after-login = INSERT INTO seen SELECT * FROM nothing WHERE x = :login\n",
  warning => qr/warning detail="after-login: Table 'utf\.nothing' doesn't exist \(1146\)"/;
row 'after-login: not allowed', $accepted, config => "after-login = UPDATE users SET uid = 0 WHERE login = :login\n",
  warning => qr/warning detail="after-login: UPDATE command denied to user 'mail'\@'localhost'/;
row 'after-login: too slow', $accepted, config => "query-timeout = 1\nafter-login = DO SLEEP(100), :login\n",
  warning => qr/warning detail="after-login: silent for 1 s"/;
row 'after-login: a SELECT does no harm', $accepted, config => "after-login = SELECT login FROM users\n";

# ---- the configuration's part --------------------------------------------------------------------

for my $case ([ "SELECT 1 WHERE :nothing", 'query :\x22nothing\x22 is no parameter' ], [ 'SELECT ? FROM x', 'query holds a ?: write :login' ],
	[ "SELECT 'x", 'query has a quote or a comment without an end' ], [ 'SELECT 1 -- x', 'query holds a comment to the end of the line' ],
	[ 'SELECT 1; SELECT 2', 'query holds a semicolon' ], [ "SELECT '\\''", 'query holds a backslash' ]) {
	row "query = $case->[0]", $trouble, query => $case->[0], detail => "checkpw-mysql.conf: $case->[1]";
}

done_testing;
