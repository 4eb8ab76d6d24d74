# Where the typed password, the stored secret, what is derived from it and the database's password are to be
# found, at each system call of each checker: not when it waits, logs, ends or runs the subprogram, not in
# that, not in the process that talks to a database server, and not in a chain after an acceptance.
#
# witness (tests/lib/witness.c) stops the checker and everything it starts at each system call, and searches the
# memory, which holds the argument vector and the environment too. The passwords are random.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Checker;
use Installation;
use Test::More;

my $dir = install();
$SIG{ALRM} = sub { die "a checker did not end\n" };
alarm 1200;

sub random_text {
	my @alphabet = ('a' .. 'z', 'A' .. 'Z', 0 .. 9);
	open my $random, '<:raw', '/dev/urandom' or die "urandom: $!";
	read $random, my $bytes, 24 or die "urandom: $!";
	return join '', map { $alphabet[ $_ % @alphabet ] } unpack 'C*', $bytes;
}
my ($password, $wrong, $database) = map { random_text() } 1 .. 3;
my $hash = crypt $password, '$1$' . substr(random_text(), 0, 8) . '$';
my $another = crypt random_text(), '$1$another$';
my $context = cram_context($password);

# What the search is for. The inner and outer key of HMAC are the password in another dress.
my %secrets = (
	typed => $password, wrong => $wrong, hash => $hash, another => $another, database => $database, context => pack('H*', $context), 'context-text' => $context,
	inner => $password ^ ("\x36" x length $password), outer => $password ^ ("\x5c" x length $password),
);
write_file("$dir/secrets", join '', map { "$_ " . hex_of($secrets{$_}) . "\n" } sort keys %secrets);

# What was seen, as [process, program, call, {secret => 1}].
sub seen {
	my @seen;
	for (split /\n/, read_file("$dir/seen") // '') {
		my ($process, $program, $call, @found) = split / /;
		push @seen, [ $process, $program, $call, { map { $_ => 1 } @found } ];
	}
	return @seen;
}

# Lines of what was seen that hold one of the secrets.
sub holding {
	my ($names, @seen) = @_;
	my @holding;
	for my $line (@seen) {
		my @found = grep { $line->[3]{$_} } @{$names};
		push @holding, "process $line->[0] ($line->[1]) at $line->[2]: @found" if @found;
	}
	return @holding;
}

# One login under the eyes of witness. `needs` are secrets that the checker must have had, or the search is worth nothing.
sub watch {
	my ($installation, $name, $outcome, $needs, %given) = @_;
	my $got = run_installed($installation, %given, before => [ "$dir/tests/witness", "$dir/secrets", "$dir/seen" ]);
	my $program = substr +($installation =~ /^([\w-]+)/)[0], 0, 15;
	is $got->{outcome}, $outcome, "$installation, $name" or diag $got->{log};
	my @seen = seen();
	my @checkers = grep { $_->[1] =~ /^c(?:heckpw|md5)/ } @seen;
	my @all = sort keys %secrets;
	for my $secret (@{$needs}) {
		ok scalar(holding([$secret], @checkers)), "... had: $secret" or diag map { "@{$_}[0 .. 2]\n" } @seen;
	}
	# A log line is written by each checker: of its calls `write` the last. A chain hands the message on with another.
	my %last_write = map { $checkers[$_][0] . $checkers[$_][1] => $_ } grep { $checkers[$_][2] eq 'write' } 0 .. $#checkers;
	my @logging = map { $checkers[$_] } values %last_write;
	is_deeply [ holding(\@all, @logging) ], [], '... not while it logs';
	# A child that a chain makes shares its memory until it runs the link; the client library naps while it connects.
	my (%runs, @late);
	for my $line (@checkers) {
		my ($process, $name, $call) = @{$line};
		$runs{$process} ||= $process == 0 || $name ne 'checkpw-chain';
		push @late, $line if $runs{$process} && $call =~ /^(?:execve|exit_group|sigtimedwait)$/ || $process == 0 && $call eq 'clock_nanosleep';
	}
	is_deeply [ holding(\@all, @late) ], [], '... nor while it waits, ends, or runs the subprogram';
	ok scalar(grep { $_->[2] eq 'clock_nanosleep' } @late), '... it waits' if $given{waits};
	my @subprogram = grep { $_->[1] eq 'probe' } @seen;
	is scalar(@subprogram) > 20, $outcome =~ /ran/ || '', '... the subprogram is seen';
	is_deeply [ holding(\@all, @subprogram) ], [], '... and holds none' if @subprogram;
	# The library's process: from the moment that it talks to the server, what was typed is not there.
	if ($program eq 'checkpw-mysql') {
		my @worker = grep { $_->[0] != 0 } @checkers;
		my ($first) = grep { $worker[$_][2] eq 'connect' } 0 .. $#worker;
		ok defined $first, '... there is a worker that connects';
		is_deeply [ holding([qw(typed wrong inner outer)], @worker[ $first // 0 .. $#worker ]) ], [], '... without the typed password' if !$given{stored_clear};
		ok scalar(holding(['database'], @worker[ $first // 0 .. $#worker ])), '... which has the password of the database';
		my ($handed) = grep { $worker[$_][2] eq 'sendto' && holding([qw(typed hash context-text)], $worker[$_]) } 0 .. $#worker;
		ok defined $handed, '... and hands a secret back';
		is_deeply [ holding(\@all, @worker[ ($handed // 0) + 1 .. $#worker ]) ], [], '... after which it holds none';
	}
	unlike $got->{log}, qr/\Q$_\E/, '... and the log says none' for $password, $wrong, $hash, $database, $context;
	return @seen;
}

my @installations = installed(stored => $hash, database => $database);
for my $installation (@installations) {
	my @holds = ('hash', $installation =~ /mysql/ ? 'database' : ());
	watch($installation, 'a right password', '0 ran', [ 'typed', @holds ], password => $password);
	watch($installation, 'a wrong one', '1', [ 'wrong', @holds ], password => $wrong);
}

# CRAM-MD5, and what of a plaintext is needed for it.
my $challenge = challenge();
my $answer = hmac_md5_hex($challenge, $password);
@installations = grep { !/passwd, .*root|chain/ || /vpasswd/ } installed(stored => "{PLAIN}$password", clear => $password, hash => $hash, database => $database);
for my $installation (@installations) {
	my $login = Installation::installation($installation)->{login};
	watch($installation, 'CRAM-MD5 with a plaintext', '0 ran', ['typed'], message => "$login\0$answer\0$challenge\0", stored_clear => 1);
}
installed(stored => "{CRAM-MD5}$context", hash => $hash, database => $database);
for my $installation (grep { !/passwd,|chain/ } @installations) {
	my $login = Installation::installation($installation)->{login};
	watch($installation, 'CRAM-MD5 with a context', '0 ran', ['context-text'], message => "$login\0$answer\0$challenge\0");
	watch($installation, 'a password against a context', '0 ran', [ 'typed', 'context-text' ], password => $password);
	watch($installation, 'a wrong password against a context', 1, [ 'wrong', 'context-text' ], password => $wrong);
}

# While a penalty is waited for, for as long as the deadline allows.
installed(stored => $hash, database => $database, penalty => 1, config => "deadline = 9\n");
for my $installation ('cmd5checkpw, set-uid', 'checkpw-passwd, root', 'checkpw-mysql, root') {
	run_installed($installation, password => "$wrong$_") for 1 .. 3;
	watch($installation, 'a penalty', 1, ['wrong'], password => $wrong, waits => 1);
}

# Hashes in passwd itself; the rest of the entry is needed until the end. Another's, behind a long name, is read before.
my $passwd = read_file('/etc/passwd') =~ s/^joe:x:/joe:$hash:/mr;
put('/etc/passwd', 'n' x 300 . ":$another:64999:64999::/:/bin/sh\n$passwd", 0, 0, 0644);
watch('checkpw-passwd, root', 'hashes in passwd', '0 ran', [qw(typed hash another)], password => $password, waits => 1);
watch('checkpw-passwd, root', 'hashes in passwd, a login that is absent', 1, [qw(wrong another)], message => "absent\0$wrong\0\0");
put('/etc/passwd', read_file('/etc/passwd') =~ s/^root:.*\n//mr, 0, 0, 0644);
watch('checkpw-passwd, root', 'hashes in passwd, which has no root', 1, [qw(wrong another)], password => $wrong);
done_testing;
