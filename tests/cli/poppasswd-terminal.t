# poppasswd on a terminal: it asks twice and shows nothing, and leaves the terminal as it was, however
# it ends.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Checker;
use Poppasswd;
use POSIX ':termios_h', ':sys_wait_h';
use Test::More;
use Time::HiRes qw(sleep time);

eval { require IO::Pty; 1 } or plan skip_all => 'IO::Pty (libio-pty-perl) is not installed';
alarm 300;

my $first = qr/Password of "joe": /;
my $second = qr/Once more: /;
my $context = '{CRAM-MD5}' . cram_context('secret');

# Starts poppasswd in a terminal of its own.
sub start { return start_words(checker('poppasswd'), '-f', users_path(), @_) }

sub start_words {
	my (@words) = @_;
	my $pty = IO::Pty->new;
	my $pid = fork // die "fork: $!";
	if ($pid == 0) {
		$pty->make_slave_controlling_terminal;
		my $slave = $pty->slave;
		close $pty;
		open STDIN, '<&', $slave;
		open STDOUT, '>&', $slave;
		open STDERR, '>&', $slave;
		close $slave;
		%ENV = (PATH => '/usr/bin:/bin', PS1 => '> ');
		{ exec @words }
		POSIX::_exit(96);
	}
	$pty->blocking(0);
	return { pty => $pty, pid => $pid, seen => '' };
}

# Reads until what was seen matches; false after 20 s, or when all is closed.
sub expect {
	my ($run, $pattern) = @_;
	my $end = time + 20;
	while (time < $end) {
		my $got = sysread $run->{pty}, my $bytes, 4096;
		$run->{seen} .= $bytes if $got;
		return 1 if $run->{seen} =~ $pattern;
		my $ended = !defined $got && !$!{EAGAIN};
		sleep 0.01;
		return if $ended;
	}
	return;
}

sub type { my ($run, $keys) = @_; syswrite $run->{pty}, $keys; return }

# Waits for the end: exit code, or "signal N".
sub ended {
	my ($run) = @_;
	my $end = time + 20;
	while (time < $end) {
		my $got = sysread $run->{pty}, my $bytes, 4096;
		$run->{seen} .= $bytes if $got;
		if (waitpid($run->{pid}, WNOHANG) == $run->{pid}) {
			return WIFSIGNALED($?) ? 'signal ' . WTERMSIG($?) : WEXITSTATUS($?);
		}
		sleep 0.01;
	}
	kill 'KILL', $run->{pid};
	waitpid $run->{pid}, 0;
	return 'hangs';
}

# Whether the terminal shows what is typed. The master side has the same settings.
sub echoes {
	my ($run) = @_;
	my $termios = POSIX::Termios->new;
	$termios->getattr(fileno $run->{pty}->slave) or return 'unknown';
	return $termios->getlflag & ECHO ? 1 : 0;
}

# Echo is off when the question can be read, but for the moment in which the prompt was written.
sub asked {
	my ($run, $pattern) = @_;
	return expect($run, $pattern) && echoes($run) == 0;
}

{
	put_users("ann:1\n");
	my $run = start('add', 'joe');
	ok asked($run, $first), 'it asks, and the echo is off';
	is users(), "ann:1\n", '... nothing is changed yet';
	type($run, "secret\n");
	ok asked($run, $second), '... once more';
	type($run, "secret\n");
	is ended($run), 0, '... done';
	is users(), "ann:1\njoe:$context\n", '... and the user is there';
	unlike $run->{seen}, qr/secret/, '... the password was never shown';
	is echoes($run), 1, '... the echo is back';
}
{
	put_users("ann:1\n");
	my $run = start('add', 'joe');
	expect($run, $first);
	type($run, "secret\n");
	expect($run, $second);
	type($run, "secreT\n");
	is ended($run), 1, 'two that differ: exit 1';
	like $run->{seen}, qr/the two passwords differ/, '... and that is said';
	is users(), "ann:1\n", '... nothing is changed';
	is echoes($run), 1, '... the echo is back';
}
{
	put_users("joe:old\n");
	my $run = start('passwd', 'joe');
	expect($run, $first);
	type($run, "wrnog\x15secr\x7fret\n");
	expect($run, $second);
	type($run, "secret\n");
	is ended($run), 0, 'the keys of the terminal that correct work';
	is users(), "joe:$context\n", '... passwd';
	$run = start('add', 'joe');
	is ended($run), 1, 'a login that is there is told';
	unlike $run->{seen}, $first, '... before a password is asked for';
	$run = start('hash');
	ok asked($run, qr/Password: /), 'hash asks';
	type($run, "secret\n");
	expect($run, $second);
	type($run, "secret\n");
	is ended($run), 0, '... twice';
	like $run->{seen}, qr/\Q$context\E/, '... and prints';
}

# Empty, too long, the end of input.
for my $case ([ 'an empty one', "\n", "\n", 1 ], [ 'one of 600 bytes', 'p' x 600 . "\n", undef, 111 ], [ 'the end of input', "\x04", undef, 111 ]) {
	my ($name, $one, $two, $exit) = @$case;
	put_users("ann:1\n");
	my $run = start('add', 'joe');
	expect($run, $first);
	type($run, $one);
	if (defined $two) {
		expect($run, $second);
		type($run, $two);
	}
	is ended($run), $exit, "$name: exit $exit" or diag $run->{seen};
	is users(), "ann:1\n", '... nothing is changed';
	is echoes($run), 1, '... the echo is back';
}

# Keys and signals that end it, at either question.
for my $question (1, 2) {
	for my $case ([ 'Ctrl-C', "\x03", undef, 2 ], [ 'Ctrl-\\', "\x1c", undef, 3 ], [ 'SIGTERM', undef, 'TERM', 15 ], [ 'SIGHUP', undef, 'HUP', 1 ]) {
		my ($name, $key, $signal, $number) = @$case;
		put_users("ann:1\n");
		my $run = start('add', 'joe');
		expect($run, $first);
		if ($question == 2) {
			type($run, "secret\n");
			expect($run, $second);
		}
		type($run, 'half');
		defined $key ? type($run, $key) : kill $signal, $run->{pid};
		is ended($run), "signal $number", "$name at question $question";
		is users(), "ann:1\n", '... nothing is changed';
		is echoes($run), 1, '... the echo is back';
		unlike $run->{seen}, qr/half/, '... nothing was shown';
	}
}

# Ctrl-Z: the terminal is as it was while it is stopped; then the question comes again. Under a shell
# that, other than bash, does not put the terminal right itself.
SKIP: {
	skip 'dash is not installed', 1 if !-x '/bin/dash';
	put_users("ann:1\n");
	my $run = start_words('/bin/dash', '-i');
	expect($run, qr/> $/);
	type($run, "'" . checker('poppasswd') . "' -f '" . users_path() . "' add joe\n");
	ok asked($run, $first), 'before Ctrl-Z';
	type($run, "sec\x1a");
	ok expect($run, qr/Stopped.*> $/s), '... it stops';
	type($run, "stty -a\n");
	ok expect($run, qr/ echo .*> $/s), '... and the terminal shows what is typed' or diag $run->{seen};
	$run->{seen} = '';
	type($run, "fg\n");
	ok asked($run, $first), '... then it asks again, and the echo is off';
	type($run, "secret\n");
	expect($run, $second);
	type($run, "secret\n");
	expect($run, qr/> $/);
	type($run, "exit \$?\n");
	is ended($run), 0, '... and goes on';
	is users(), "ann:1\njoe:$context\n", '... to the end';
}
done_testing;
