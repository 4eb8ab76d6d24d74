# Programs of others that do the same, where they are installed, and what each needs to find its
# user. As in Stores.pm a setup returns why the row cannot be run.
package Peers;

use strict;
use warnings;

use Bench;
use Exporter 'import';
use Stores;

our @EXPORT = qw(checkpw_setup cvm_pwfile_setup cvm_unix_setup pwauth_setup);

# They find their users with getpwnam(), and the password in the mail directory.
sub checkpw_setup {
	my ($row) = @_;

	return system_setup($row);
}

sub cvm_pwfile_setup {
	my ($row) = @_;
	my $count = $row->{users} // 10;
	my $path = scratch_path("pwfile-$count");
	my $module = find_program('cvm-pwfile') or return 'cvm-pwfile is not installed';
	my $rest = sprintf ':%d:%d::%s:/bin/sh', account_ids(), Stores::account_home();

	write_file("pwfile-$count", 0600, sub {
		my ($file) = @_;
		printf $file "user%07d:tiger%s\n", $_, $rest for 2 .. $count;
		print $file "joe:secret$rest\n";
	}) unless -e $path;
	$row->{env} = { CVM_PWFILE_PATH => $path, CVM_ACCOUNT_SPLIT_CHARS => '' };
	$row->{arguments} = [$module];
	return;
}

sub cvm_unix_setup {
	my ($row) = @_;
	my $module = find_program('cvm-unix') or return 'cvm-unix is not installed';

	$row->{arguments} = [$module];
	return system_setup($row);
}

# No checkpassword program: login and password are lines on standard input, and it runs nothing. It
# serves the uids that it was compiled with, which root is not always one of.
sub pwauth_setup {
	my ($row) = @_;
	my $reason = system_setup($row);

	$row->{descriptor} = 0;
	return $reason;
}

1;
