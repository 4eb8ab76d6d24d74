# Each system call of a checker fails in turn: never an acceptance that is not due, never a crash.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../lib";
use Checker;
use Faults;
use Test::More;
use Vpopmail;

plan skip_all => 'strace is not installed' if system('strace -V >/dev/null 2>&1') != 0;
plan skip_all => 'a sanitizer does not run under strace' if build_dir() =~ m{/san$};
plan skip_all => 'strace cannot trace here' if system('strace -qq -o /dev/null true') != 0;

my $store = "eve:{PLAIN}other\njoe:" . crypt('secret', '$1$saltsalt') . "\nann:{CRAM-MD5}" . cram_context('secret') . "\n";
my $challenge = challenge();
my $answer = hmac_md5_hex($challenge, 'secret');
my %cmd5 = (store => $store);
fault_each_call('cmd5checkpw, PLAIN', %cmd5, accept => 1, message => "joe\0secret\0\0");
fault_each_call('cmd5checkpw, a wrong password', %cmd5, accept => 0, message => "joe\0wrong\0\0");
fault_each_call('cmd5checkpw, nobody', %cmd5, accept => 0, message => "bob\0secret\0\0");
fault_each_call('cmd5checkpw, CRAM-MD5', %cmd5, accept => 1, message => "ann\0$answer\0$challenge\0");
fault_each_call('cmd5checkpw, a wrong answer', %cmd5, accept => 0, message => "ann\0" . hmac_md5_hex($challenge, 'wrong') . "\0$challenge\0");

my $dir = scratch();
my $user = vpasswd_line('joe', crypt('secret', '$1$saltsalt'), "$dir/domain/joe");
mkdir "$dir/domain";
write_file("$dir/cdb", cdb_of(assign_data('example.org', 'example.org', 1, 1, "$dir/domain")));
my %vpasswd = (program => [ checker('checkpw-vpasswd') ], config => "users-cdb = $dir/cdb\nservice = smtp\n");
for my $kept ('cdb', 'text') {
	unlink "$dir/domain/vpasswd.cdb";
	write_file("$dir/domain/vpasswd", $user);
	write_file("$dir/domain/vpasswd.cdb", vpasswd_cdb_of($user)) if $kept eq 'cdb';
	fault_each_call("checkpw-vpasswd, $kept", %vpasswd, accept => 1, message => "joe\@example.org\0secret\0\0");
	fault_each_call("checkpw-vpasswd, $kept, a wrong password", %vpasswd, accept => 0, message => "joe\@example.org\0wrong\0\0");
}

my $standin = build_dir() . '/tests/standin';
# Where closing the pipe of the message fails, in the injected sense, a checker waits for its end.
my $conf = write_file("$dir/chain.conf", "log = stderr\ndeadline = 5\n");
my @chain = (env => { CHECKPW_CHAIN_CONF => $conf, CHECKPW_CONF => '/nowhere' }, message => "joe\0secret\0\0");
for my $case ([ 'refused', 0, 'exit=1', 'exit=1' ], [ 'the second accepts', 1, 'exit=1', 'accept' ]) {
	my ($name, $accept, @links) = @{$case};
	fault_each_call("checkpw-chain, $name", @chain, accept => $accept, survives => 1,
		program => [ checker('checkpw-chain'), (map { "$standin $_" } @links), '--' ]);
}
done_testing;
