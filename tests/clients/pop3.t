# A chain behind a POP3 server that root starts: tcpserver, popup (as qmail-popup), the chain of
# cmd5checkpw and Debian's checkpw, which becomes the user, and pop3front-maildir of mailfront.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Checker;
use Namespace;
use Net::POP3;
use POSIX ();
use Test::More;
use Time::HiRes 'sleep';

plan skip_all => 'needs root: checkpw becomes the user' if $> != 0;
$ENV{PATH} = "$ENV{PATH}:/usr/sbin:/sbin";
my %path;
for my $tool (qw(tcpserver checkpw pop3front-maildir)) {
	($path{$tool}) = grep { -x } map { "$_/$tool" } split /:/, $ENV{PATH};
	plan skip_all => "$tool is not installed" if !$path{$tool};
}
own_namespace();

$SIG{ALRM} = sub { die "the server does not answer\n" };
alarm 120;
my $uid = 61_301;
my $dir = scratch();
my $server;
END {
	my $status = $?;
	if ($server) {
		kill TERM => $server, -$server;
		waitpid $server, 0;
	}
	$? = $status;
}

# joe is in checkpw's store only: his password lies in his Maildir.
open my $system, '<', '/etc/passwd' or die "passwd: $!";
write_file("$dir/passwd", join('', <$system>) . "joe:x:$uid:${uid}::$dir/home:/bin/false\n", 0644);
mount_on('/etc/passwd', '--bind', "$dir/passwd");
for my $folder ("$dir/home", "$dir/home/Maildir", map { "$dir/home/Maildir/$_" } qw(new cur tmp)) {
	mkdir $folder, 0700 or die "$folder: $!";
	chown $uid, $uid, $folder;
}
for my $file ([ '.password', "Kennwort-7391\n" ], [ 'new/1.a.host', "Subject: one\n\nbody\n" ], [ 'new/2.b.host', "Subject: two\n\nbody\n" ]) {
	write_file("$dir/home/Maildir/$file->[0]", $file->[1]);
	chown $uid, $uid, "$dir/home/Maildir/$file->[0]";
}
write_file("$dir/users", "ann:secret\n");
write_file("$dir/cmd5.conf", "log = none\nfile = $dir/users\n");
write_file("$dir/chain.conf", <<"END");
log = stderr
deadline = 2
checker = @{[ checker() ]}
checker = $path{checkpw}
checker = @{[ build_dir() ]}/tests/standin exit=1
END
write_file("$dir/popup", read_file("$FindBin::Bin/popup"), 0755);

sub start {
	my (@subprogram) = @_;
	unlink "$dir/port", "$dir/ends", "$dir/record";
	$server = fork // die "fork: $!";
	if ($server == 0) {
		setpgrp;
		%ENV = (PATH => $ENV{PATH}, CHECKPW_CONF => "$dir/cmd5.conf", CHECKPW_CHAIN_CONF => "$dir/chain.conf", STANDIN_RECORD => "$dir/record");
		open STDIN, '<', '/dev/null';
		open STDOUT, '>', "$dir/port";
		open STDERR, '>>', "$dir/log";
		exec 'tcpserver', qw(-1vRHl0 127.0.0.1 0), "$dir/popup", "$dir/ends", checker('checkpw-chain'), @subprogram or POSIX::_exit(127);
	}
	for (1 .. 1000) {
		my ($port) = (read_file("$dir/port") // '') =~ /^(\d+)\n/;
		return $port if $port;
		sleep 0.02;
	}
	die "the server does not start\n";
}

sub stop {
	kill TERM => $server, -$server;
	waitpid $server, 0;
	undef $server;
	return;
}

sub login {
	my ($port, $login, $password) = @_;
	my $pop = Net::POP3->new('127.0.0.1', Port => $port, Timeout => 60) or die "connect: $@";
	return ($pop, $pop->login($login, $password));
}

# How the next session ended for popup; '' where that cannot be seen.
sub next_end {
	my ($count) = @_;
	for (1 .. 1000) {
		my @ends = split /\n/, read_file("$dir/ends") // '';
		return $ends[-1] if @ends == $count;
		sleep 0.02;
	}
	return '';
}

# The process of a program below the server, by its name.
sub find_process {
	my ($name) = @_;
	for my $status (glob '/proc/[0-9]*/status') {
		my $text = read_file($status) // next;
		my ($parent) = $text =~ /^PPid:\t(\d+)/m;
		return $status =~ /(\d+)/ if $text =~ /^Name:\t\Q$name\E$/m && (read_file("/proc/$parent/cmdline") // '') =~ /checkpw-chain/;
	}
	return;
}

my $port = start($path{'pop3front-maildir'}, 'Maildir');
{
	my ($pop, $count) = login($port, 'joe', 'wrong');
	is $count, undef, 'a wrong password is refused';
	is next_end(1), 'exit 1', '... with exit 1';
	($pop, $count) = login($port, 'joe', 'Kennwort-7391');
	is $count, 2, 'the second checker accepts: two messages' or diag read_file("$dir/log");
	like join('', @{ $pop->get(2) // [] }), qr/^Subject: two/m, '... one is read';
	my ($process) = find_process(substr 'pop3front-maildir', 0, 15);
	like read_file("/proc/$process/status"), qr/^Uid:\t$uid\t$uid\t$uid\t$uid\nGid:\t$uid\t$uid\t$uid\t$uid$/m, '... by a process that is joe';
	is readlink("/proc/$process/cwd"), "$dir/home/Maildir", '... in his Maildir, which is relative to his home';
	sleep 3;
	is $pop->delete(1), 1, '... one is deleted, after more than the deadline';
	ok $pop->quit, '... and the session ends';
	is next_end(2), 'exit 0', '... with exit 0';
	is scalar(() = glob "$dir/home/Maildir/{new,cur}/*"), 1, '... and one is gone';
	($pop, $count) = login($port, 'joe', 'Kennwort-7391');
	($process) = find_process(substr 'pop3front-maildir', 0, 15);
	kill KILL => $process;
	is next_end(3), 'signal 9', 'a session that is killed is reported so';
	is scalar(() = (read_file("$dir/record") // '') =~ /\n/g), 1, 'the third checker was asked for the wrong password only';
	like read_file("$dir/log"), qr/^checkpw-chain\[\d+\]: auth-ok service=pop3 .* detail="cmd5checkpw: refused, exit 1; checkpw: accepted"$/m, 'the log';
}
stop();

write_file("$dir/fails", "#!/bin/sh\nprintf '+OK\\r\\n'\nread -r line\nexit 1\n", 0755);
$port = start("$dir/fails");
{
	my ($pop) = login($port, 'joe', 'Kennwort-7391');
	$pop->quit;
	is next_end(1), 'exit 1', 'a subprogram that ends with 1 is reported so';
	ok !-e "$dir/record", '... and no other checker is asked';
}
stop();
done_testing;
