# Kept out of swap while a program waits or computes with a secret in memory: the kernel says how much
# of a process is locked (proc(5), VmLck).
use strict;
use warnings;
use Fcntl qw(:DEFAULT SEEK_SET);
use FindBin;
use lib "$FindBin::Bin/../lib";
use Checker;
use Config;
use IO::Socket::INET;
use POSIX ();
use Test::More;
use Time::HiRes qw(sleep);

plan skip_all => 'sanitizers make mlock do nothing' if read_file(checker()) =~ /__(?:asan|msan)_init/;
{
	my ($limit) = read_file('/proc/self/limits') =~ /^Max locked memory +(\d+|unlimited)/m;
	plan skip_all => 'the limit on locked memory is too low' if $limit ne 'unlimited' && $limit < 1 << 20;
}

$SIG{ALRM} = sub { die "a program did not end\n" };
alarm 120;

my $dir = scratch();

sub locked_of {
	my ($pid) = @_;
	my $status = read_file("/proc/$pid/status") // return;
	my ($name, $state) = $status =~ /^Name:\s+(\S+).*^State:\s+(\S)/ms or return;
	return if $state eq 'Z';
	return ($name, $status =~ /^VmLck:\s+(\d+)/m ? $1 : 0);
}

# For `child`: a process of nobody's looks at the checker, and at its children, until it ends, and
# writes down the most that each had locked.
sub watched {
	my ($before) = @_;
	return sub {
		my $checker = $$;
		unlink "$dir/locked";
		if (my $watcher = fork // die "fork: $!") {
			waitpid $watcher, 0;
			return $before ? $before->() : ();
		}
		POSIX::_exit(0) if fork // die "fork: $!";
		POSIX::close(3);
		my %most;
		while (my ($name, $own) = locked_of($checker)) {
			my @children = split ' ', read_file("/proc/$checker/task/$checker/children") // '';
			for ([ $name, $own ], map { [ map { defined ? "child of $name" x /^\D/ || $_ : () } locked_of($_) ] } @children) {
				my ($who, $locked) = @{$_};
				$most{$who} = $locked if defined $locked && $locked > ($most{$who} // -1);
			}
			sleep 0.002;
		}
		write_file("$dir/locked.new", join '', map { "$_=$most{$_}\n" } sort keys %most);
		rename "$dir/locked.new", "$dir/locked";
		POSIX::_exit(0);
	};
}

# A row: what the checker ends with, and that it, and where there is one its child, locked something.
sub locks {
	my ($name, $exit, %given) = @_;
	my $child = delete $given{locks_in_child};
	my $got = attempt(message => "joe\0secret\0\0", %given, child => watched($given{child}));
	is $got->{exit}, $exit, "$name: ends as it should" or diag $got->{log};
	for (1 .. 500) {
		last if -e "$dir/locked";
		sleep 0.01;
	}
	my ($program) = ($given{program} // [ checker() ])->[0] =~ m{([^/]+)$};
	my %most = map { /^(.*)=(\d+)$/ } split /\n/, read_file("$dir/locked") // '';
	cmp_ok $most{ substr $program, 0, 15 } // 0, '>', 0, '... and has locked memory';
	cmp_ok $most{"child of $program"} // 0, '>', 0, '... and so has its child' if $child;
	return %most;
}

# What is over at once does not wait for the locks.
SKIP: {
	skip 'strace does not trace here', 2 if system('strace -qq -o /dev/null true 2>/dev/null') != 0;
	attempt(message => "joe\0secret\0\0", store => "joe:secret\n", before => [ 'strace', '-qq', '-o', "$dir/calls", '--' ]);
	my $calls = read_file("$dir/calls");
	like $calls, qr/^execve.*^execve/ms, 'a plaintext: logs in';
	unlike $calls, qr/^mlock/m, '... and locks nothing';
}

# What follows the first bytes of the message is late.
sub late {
	my ($first, $rest) = @_;
	pipe my $read, my $write or die "pipe: $!";
	syswrite $write, $first;
	if ((fork // die "fork: $!") == 0) {
		close $read;
		POSIX::close(3);
		sleep 0.3;
		syswrite $write, $rest;
		POSIX::_exit(0);
	}
	POSIX::dup2(fileno $read, 3);
	POSIX::close($_) for fileno $read, fileno $write;
	return;
}
locks('the rest of the message is late', 0, store => "joe:secret\n", child => sub { late("joe\0sec", "ret\0\0") });

# Each is of another password, and takes its time.
my %slow = (
	'bcrypt' => '$2b$12$abcdefghijklmnopqrstuuIq4GdpGqjgVHLpOVLnVwHnwWvoBTCsm',
	'yescrypt' => '$y$jAT$abcdefghijklmnopqrstu/$9AYtpIPz0W8N0Jc0vtlCSxCAhUKzK2yPxYCnUOYqOj6',
	'Argon2' => '{ARGON2ID}$argon2id$v=19$m=65536,t=6,p=1$c2FsdHNhbHRzYWx0$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA',
	'SCRAM' => '{SCRAM-SHA-1}400000,c2FsdHNhbHQ=,' . join(',', ('A' x 27 . '=') x 2),
	'PBKDF2' => '{PBKDF2}$1$salt$400000$' . '0' x 40,
);
locks("$_ is computed", 1, store => "joe:$slow{$_}\n") for sort keys %slow;

# The table of penalties is locked by somebody else.
SKIP: {
	skip 'struct flock is another one here', 2 if $Config{ivsize} != 8 || $Config{ptrsize} != 8;
	my $file = "$dir/penalty";
	my @penalty = (store => "joe:secret\n", env => { TCPREMOTEIP => '192.0.2.1' }, config => "penalty = yes\npenalty-file = $file\n");
	attempt(message => "joe\0wrong\0\0", @penalty);
	open my $held, '+<', $file or die "$file: $!";
	# Of Linux on 64 bits: type, whence, start, length, pid.
	my $lock = pack 's s x4 q q i x4', F_WRLCK, SEEK_SET, 0, 0, 0;
	fcntl $held, F_SETLK, $lock or die "lock: $!";
	locks('somebody has locked the penalties', 0, @penalty);
	close $held;
}

SKIP: {
	skip 'checkpw-mysql is not built', 5 if !-x checker('checkpw-mysql');
	my $deaf = IO::Socket::INET->new(Listen => 5, LocalAddr => '127.0.0.1') or die "listen: $@";
	my $port = $deaf->sockport;
	locks('no byte of the message to checkpw-mysql has come', 2, program => [ checker('checkpw-mysql') ], child => sub { late('', '') },
		config => "user = a\npassword = b\nschema = checkpw\nservers = /nowhere\n");
	locks('a database server is silent', 111, program => [ checker('checkpw-mysql') ], locks_in_child => 1,
		config => "user = a\npassword = b\nschema = checkpw\nservers = localhost:$port\nconnect-timeout = 1\n");
}

my $link = write_file("$dir/link", "#!/bin/sh\nsleep 0.3\nexit 1\n");
chmod 0755, $link;
locks('a link of a chain takes its time', 1, program => [ checker('checkpw-chain'), $link, '--' ]);

# The name service may be another machine.
SKIP: {
	skip 'strace does not trace here', 2 if system('strace -qq -o /dev/null true 2>/dev/null') != 0;
	attempt(message => "nobody-of-that-name\0secret\0\0", program => [ checker('checkpw-passwd') ],
		before => [ 'strace', '-qq', '-o', "$dir/calls", '--' ]);
	my ($before) = read_file("$dir/calls") =~ m{^(.*?)^openat\([^\n]*"/etc/passwd"}ms;
	ok defined $before, 'checkpw-passwd: asks for the account';
	like $before // '', qr/^mlock2\(/m, '... with memory locked';
}

done_testing;
