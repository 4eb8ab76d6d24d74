# checkpw-mysql where no database is needed: what it refuses before it asks a server, what it says of
# servers that are none, and that nothing of it stays behind.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Checker;
use IO::Socket::INET;
use POSIX ();
use Test::More;

plan skip_all => 'checkpw-mysql is not built' if !-x checker('checkpw-mysql');

my $dir    = scratch();
my $least  = "user = checkpw\npassword = database-secret\nschema = checkpw\n";
my $right  = "joe\@example.org\0typed-secret\0\0";
my $nobody = "/nowhere: Can't connect to local server through socket '/nowhere' (2) (2002)";

sub run {
	my (%given) = @_;
	return attempt(message => $right, program => [ checker('checkpw-mysql') ], config => "$least\nservers = /nowhere\n", %given);
}

# One run, its exit code and its reason, and for a `detail` the whole of it.
sub row {
	my ($name, $exit, $reason, $detail, %given) = @_;
	my $got = run(%given);
	my %want = (exit => $exit, reason => $reason, stdout => '', ran => '');
	my %found = (exit => $got->{exit}, reason => $got->{line}{reason}, stdout => $got->{stdout}, ran => $got->{probe} ? 'ran' : '');
	($want{detail}, $found{detail}) = (qq("$detail"), $got->{line}{detail}) if defined $detail;
	is_deeply \%found, \%want, $name or diag $got->{log};
	unlike $got->{log}, qr/(?:database|typed)-secret/, '... and no password in the log';
	return;
}

# What comes before the servers. The first three end before a log on stderr is known.
row('no subprogram', 2, undef, undef, subprogram => []);
row('descriptor 3 is closed', 2, undef, undef, message => undef);
row('a configuration that others may read', 111, undef, undef, env => { CHECKPW_CONF => write_file("$dir/open", "log = stderr\n$least", 0644) });
row('one string', 2, 'malformed', undef, message => 'joe');
row('513 bytes', 1, 'oversize', undef, message => 'j' x 512 . "\0");
row('no password', 1, 'empty', undef, message => "joe\0\0\0");
row("a login that is none: $_->[0]", 1, 'mismatch', undef, message => "$_->[1]\0typed-secret\0\0")
  for [ 'latin1', "jo\xe9" ], [ 'a newline', "joe\n" ], [ 'nothing behind the @', 'joe@' ], [ 'nothing before it', '@a.b' ];

# The settings.
my $file = write_file("$dir/password", "first line\nsecond line\n");
for my $case (
	[ 'nothing is set',             'user is not set',                   '' ],
	[ 'nothing to ask',             'one of schema and query must be set', "user = a\n" ],
	[ 'two things to ask',          'one of schema and query must be set', "$least\nquery = SELECT 1\n" ],
	[ 'a query with a backslash',   'query holds a backslash',           "user = a\nquery = SELECT '\\'\n" ],
	[ 'a bad after-login',          'after-login :\"name\" is no parameter', "${least}after-login = DO :name\n" ],
	[ 'no server',                  'servers names none',                "${least}servers = ,\n" ],
	[ 'verify whom',                'tls = verify needs tls-ca',         "${least}tls = verify\n" ],
	[ 'a certificate without a key', 'tls-cert and tls-key need each other', "${least}tls-cert = /x\n" ],
	[ 'two passwords',              'password and password-file are both set', "${least}password-file = $file\n" ],
) {
	my ($name, $objection, $config) = @$case;
	$objection =~ s/\\?"/\\x22/g;
	row($name, 111, 'store', "checkpw-mysql.conf: $objection", config => $config);
}
row('a file of the password that others may read', 111, 'store', "$file: mode is 0644: others may read it",
	config => "user = a\nschema = checkpw\npassword-file = $file\n") if chmod 0644, $file;
for my $line ('', "\nsecond line\n", 'x' x 5000) {
	my $empty = write_file("$dir/empty", $line);
	row('no password in the first of ' . length($line) . ' bytes', 111, 'store', "$empty: no password in its first line",
		config => "user = a\nschema = checkpw\npassword-file = $empty\n");
}

# Servers that are none. Each is told, in the order of the list.
row('a socket that does not exist', 111, 'store', $nobody);
row('two of them', 111, 'store', "$nobody; $nobody", config => "${least}servers = /nowhere /nowhere\n");
my $deaf = IO::Socket::INET->new(Listen => 5, LocalAddr => '127.0.0.1') or die "listen: $@";
my $at = 'localhost:' . $deaf->sockport;
row('a server that is silent', 111, 'store', "$at: silent for 1 s while it was connected to; $nobody",
	config => "${least}servers = $at /nowhere\nconnect-timeout = 1\n");
row('silent ones are in time', 111, 'deadline', undef, config => "${least}servers = $at $at\nconnect-timeout = 60\ndeadline = 1\n");

# A server that talks nonsense, or hangs up, is one that failed.
for my $said ('', "\0" x 64, "\xff\xff\xff\0" . 'x' x 70_000, "J\0\0\0\x0a5.5.5\0" . "\xff" x 70, "HTTP/1.0 400\r\n\r\n") {
	my $pid = fork // die "fork: $!";
	if ($pid == 0) {
		$SIG{PIPE} = 'IGNORE';
		alarm 60;
		my $client = $deaf->accept;
		# Those who gave up are still in the queue.
		while ($client) { syswrite $client, $said; close $client; $client = $deaf->accept }
		POSIX::_exit(0);
	}
	my $got = run(config => "${least}servers = $at\n");
	kill 'KILL', $pid;
	waitpid $pid, 0;
	is "$got->{exit} " . ($got->{line}{reason} // ''), '111 store', 'a server that says ' . length($said) . ' bytes of nonsense' or diag $got->{log};
}

# No child outlives an attempt: it would hold what the caller waits for.
{
	my $got = run(config => "${least}servers = $at $at\nconnect-timeout = 1\n",
		before => [ 'sh', '-c', 'exec 9>"$0"; exec "$@"', "$dir/held" ]);
	my @left = grep { (readlink // '') eq "$dir/held" } glob '/proc/[0-9]*/fd/9';
	is_deeply \@left, [], 'no process stays behind' or diag $got->{log};
}
done_testing;
