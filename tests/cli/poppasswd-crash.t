# What can go wrong while the file is written: a kill at each system call, a limit, other writers, an
# editor, permissions. The file is the old one or the new one, and the next command works.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Checker;
use Fcntl qw(F_WRLCK SEEK_SET);
use Poppasswd;
use POSIX ();
use Test::More;

my $dir = scratch();
my $path = users_path();
my $context = '{CRAM-MD5}' . cram_context('secret');
my $old = "# users\nann:1:x\nbob:2";
my $new = "$old\njoe:$context\n";

sub left_over { return grep { !m{/\.users\.lock$} } glob "$dir/.users*" }

# SIGKILL at every system call of `add`, without an index and with one.
SKIP: {
	my $killer = build_dir() . '/tests/killer';
	skip 'ptrace is not allowed here', 1 if system("$killer 1 /bin/true 2>/dev/null") != 0;
	skip 'a sanitizer makes too many system calls', 1 if build_dir() =~ m{/san$};
	for my $indexed (0, 1) {
		my (%seen, @wrong, $calls);
		for ($calls = 1; $calls < 1000; $calls++) {
			if ($calls == 1 || users() ne $old || left_over()) {
				put_users($old);
				index_users() if $indexed;
			}
			my $got = poppasswd({ before => [ $killer, $calls ], stdin => "secret\n" }, 'add', 'joe', '--stdin');
			my $now = users();
			my $state = !defined $now ? 'gone' : $now eq $old ? 'old' : $now eq $new ? 'new' : 'other';
			$seen{$state}++;
			push @wrong, "call $calls: the file is $state" if $state !~ /^(?:old|new)$/;
			push @wrong, "call $calls: mode" if ((stat $path)[2] & 07777) != 0400;
			# No login may depend on what the kill left of the index.
			if ($indexed) {
				my $joe = Poppasswd::login('joe', 'secret');
				push @wrong, "call $calls: the $state file, joe: $joe->{log}" if $joe->{exit} != ($state eq 'new' ? 0 : 1);
				push @wrong, "call $calls: ann" if !logs_in('ann', '1');
			}
			# The next command works, and takes away what the killed one left.
			my $next = poppasswd({ stdin => "secret\n" }, 'add', 'eve', '--stdin');
			push @wrong, "call $calls: the next command: $next->{err}" if $next->{exit} != 0 || users() ne ($state eq 'new' ? $new : "$old\n") . "eve:$context\n";
			push @wrong, "call $calls: left over: " . join ' ', left_over() if left_over();
			put_users($old);
			index_users() if $indexed;
			last if $got->{exit} == 3;
			die "killer: $got->{exit}" if $got->{exit} != 0;
		}
		my $with = $indexed ? 'with an index' : 'without an index';
		is_deeply \@wrong, [], "add killed at each of $calls system calls, $with: the old file or the new one" or diag join "\n", @wrong;
		cmp_ok $seen{old} // 0, '>', 10, "... the old one $seen{old} times";
		cmp_ok $seen{new} // 0, '>', 3, "... the new one $seen{new} times";
	}
}

# A limit on the size of files, as a quota would be.
SKIP: {
	my $spawn = build_dir() . '/tests/spawn';
	my $text = join '', map { "user$_:secret\n" } 1 .. 10_000;
	put_users($text);
	for my $limit (0, 1, 4096, 100_000) {
		my $got = poppasswd({ before => [ $spawn, '-l', "1=$limit:$limit" ], stdin => "secret\n" }, 'add', 'joe', '--stdin');
		is_deeply [ $got->{exit}, $got->{signal}, users() eq $text ? 'old' : 'other', left_over() ], [ 111, 0, 'old' ], "files of at most $limit bytes"
		  or diag explain $got;
		# Standard error is a file, too.
		like $got->{err}, qr{users: writing the new file: File too large$}, '... and that is said' if $limit > 1;
	}
	# The index does not fit, the text does.
	put_users("ann:1\n");
	index_users();
	my $got = poppasswd({ before => [ $spawn, '-l', '1=8000:8000' ], stdin => "secret\n" }, 'add', 'joe', '--stdin');
	is $got->{exit}, 0, 'an index that cannot be written does not stop the change';
	like $got->{err}, qr/index does not match now.*File too large/, '... and that is said';
	ok logs_in('joe', 'secret'), '... joe logs in';
	like Poppasswd::login('joe', 'secret')->{warning}, qr/run poppasswd index/, '... with a warning';
	is poppasswd('index')->{exit}, 0, '... which poppasswd index ends';
	is Poppasswd::login('joe', 'secret')->{warning}, undef, '... indeed';
}

# What is no file that can be changed.
for my $case ([ 'a directory', sub { mkdir $path } ], [ 'a FIFO', sub { POSIX::mkfifo($path, 0600) } ], [ 'a link to nothing', sub { symlink "$dir/nothing", $path } ],
	[ 'a link to itself', sub { symlink $path, $path } ], [ 'writable by all', sub { put_users("ann:1\n", 0666) } ]) {
	my ($name, $make) = @$case;
	unlink $path;
	$make->();
	my $got = poppasswd({ stdin => "secret\n" }, 'add', 'joe', '--stdin');
	is $got->{exit}, 111, "$name: refused";
	like $got->{err}, qr{^poppasswd: \Q$path\E: }, '... and named' or diag $got->{err};
	ok !-e "$dir/nothing", '... nothing is made';
	-d $path ? rmdir $path : unlink $path;
}
is poppasswd({ file => "$dir/no/such/users", stdin => "secret\n" }, 'add', 'joe', '--stdin')->{exit}, 111, 'no such directory';

# A symbolic link is followed.
{
	mkdir "$dir/elsewhere";
	write_file("$dir/elsewhere/real", "ann:1\n", 0440);
	symlink 'elsewhere/real', $path;
	is poppasswd({ stdin => "secret\n" }, 'add', 'joe', '--stdin')->{exit}, 0, 'a symbolic link';
	ok -l $path, '... stays one';
	is read_file("$dir/elsewhere/real"), "ann:1\njoe:$context\n", '... its target is changed';
	is sprintf('%o', (stat "$dir/elsewhere/real")[2] & 07777), '440', '... and keeps its mode';
	index_users();
	ok -e "$path.cdb" && !-e "$dir/elsewhere/real.cdb", 'the index is beside the link, where the checker looks for it';
	is Poppasswd::login('joe', 'secret')->{warning}, undef, '... and matches';
	unlink $path, "$path.cdb", "$dir/elsewhere/real";
}

# Others who write. The lock is waited for, and no longer than was said.
sub hold_lock {
	put_users("ann:1\n");
	poppasswd({ stdin => "secret\n" }, 'add', 'x', '--stdin');
	pipe my $ready, my $tell or die "pipe: $!";
	pipe my $end, my $hold or die "pipe: $!";
	my $pid = fork // die "fork: $!";
	if ($pid == 0) {
		close $hold;
		open my $lock, '+<', "$dir/.users.lock" or POSIX::_exit(1);
		# struct flock: type, whence, start, length, pid
		my $whole = pack 's s x4 q q i x4', F_WRLCK, SEEK_SET, 0, 0, 0;
		fcntl $lock, 38, $whole or POSIX::_exit(2); # F_OFD_SETLKW
		close $tell;
		sysread $end, my $byte, 1;
		POSIX::_exit(0);
	}
	close $tell;
	sysread $ready, my $byte, 1;
	return ($pid, $hold);
}
{
	my ($pid, $hold) = hold_lock();
	my $before = users();
	my $got = poppasswd({ stdin => "secret\n" }, 'add', 'joe', '--wait', '0', '--stdin');
	is_deeply [ $got->{exit}, users() ], [ 111, $before ], 'the lock is held: --wait 0 does not wait';
	like $got->{err}, qr/another poppasswd/, '... and says who is to blame';
	$got = poppasswd({ stdin => "secret\n" }, 'del', '--wait', '1', 'ann');
	is_deeply [ $got->{exit}, users() ], [ 111, $before ], '... --wait 1 waits a second';
	is poppasswd('list')->{exit}, 0, '... reading needs no lock';
	my $waiting = fork // die "fork: $!";
	if ($waiting == 0) {
		close $hold;
		POSIX::_exit(poppasswd({ stdin => "secret\n" }, 'add', 'joe', '--stdin')->{exit});
	}
	select undef, undef, undef, 0.2;
	close $hold;
	waitpid $pid, 0;
	waitpid $waiting, 0;
	is_deeply [ $? >> 8, users() ], [ 0, "${before}joe:$context\n" ], '... who waits has his turn';
}

# Fifty writers, twenty users each; a reader looks at the file all the while, through the tool and
# through the checker, with an index and without.
for my $indexed (0, 1) {
	my ($writers, $each) = (50, 20);
	put_users("ann:{CRAM-MD5}" . cram_context('1') . "\n");
	index_users() if $indexed;
	my @pids;
	for my $writer (1 .. $writers) {
		my $pid = fork // die "fork: $!";
		if ($pid == 0) {
			my $failed = 0;
			for my $user (1 .. $each) {
				$failed++ if poppasswd({ stdin => "pw$writer-$user\n" }, 'add', '--wait', '600', "u$writer-$user", '--stdin')->{exit} != 0;
			}
			POSIX::_exit($failed);
		}
		push @pids, $pid;
	}
	my ($rounds, @faults) = (0);
	my ($failed, $last) = (0, 0);
	while (@pids) {
		my $check = poppasswd('check');
		my ($users) = $check->{out} =~ /^(\d+) users, 0 errors, /m;
		# Between the change of the text and that of its index the index does not match, and check says so.
		my @found = grep { !/: warning: index: / } $check->{out} =~ /^(.*: (?:error|warning): .*)$/mg;
		push @faults, "check: $check->{exit} $check->{out} $check->{err}" if @found || !defined $users || $users < $last;
		$last = $users // $last;
		push @faults, 'ann' if !logs_in('ann', '1');
		push @faults, 'ann with a wrong password' if !refused('ann', '2');
		$rounds++;
		my @running;
		for my $pid (@pids) {
			if (waitpid($pid, POSIX::WNOHANG) == $pid) { $failed += $? } else { push @running, $pid }
		}
		@pids = @running;
	}
	my $with = $indexed ? 'with an index' : 'without an index';
	is $failed, 0, "$writers writers add $each users each, $with: none fails";
	is_deeply \@faults, [], "... $rounds times the file was valid in between" or diag "@faults[0 .. ($#faults < 3 ? $#faults : 3)]";
	my %users = map { /^([^:]+):(.*)/ } split /\n/, users();
	is scalar keys %users, 1 + $writers * $each, '... no user is lost';
	is_deeply [ grep { my ($writer, $user) = /^u(\d+)-(\d+)$/; defined $user && $users{$_} ne '{CRAM-MD5}' . cram_context("pw$writer-$user") } keys %users ],
	  [], '... each has his own password';
	is poppasswd('check')->{exit}, 0, '... and at last nothing is to be found';
	ok logs_in('u50-20', 'pw50-20'), '... a login';
}
done_testing;
